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

/** A replica's votes. */
export function votesDirectory(path: string): string {
  return join(path, 'votes');
}

/** Term and vote of a replica in group g. */
export function voteFile(path: string, group: number): string {
  return join(votesDirectory(path), `group-${group}`);
}

export function checkpointDirectory(path: string): string {
  return join(path, 'checkpoints');
}
