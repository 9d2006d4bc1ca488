/** Where things are in a data directory: what workers need of it. */
import { join } from 'node:path';

/** Where group g's log is. */
export function groupDirectory(path: string, group: number): string {
  return join(path, `group-${group}`);
}

/** What group g's log is marked as: a log under another partition map is not the same log. */
export function logIdentity(group: number, epoch: number): string {
  return `group-${group} of epoch ${epoch}`;
}

export function checkpointDirectory(path: string): string {
  return join(path, 'checkpoints');
}
