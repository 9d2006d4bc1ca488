import * as fs from 'node:fs';

/** Makes a file's content, or the names in a directory, durable. Blocks: for set-up only. */
export function syncPath(path: string): void {
  const descriptor = fs.openSync(path, 'r');
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}
