/**
 * Reads checkpoints without LMDB, which would create a lock file beside them: for looking at a data directory that is
 * not to be touched, and that an engine may have open.
 */
import { join } from 'node:path';
import { bufferToKeyValue } from 'lmdb';
import { CHUNK, decodeManifest, MANIFEST, unseal } from './lmdb-checkpoint-store.js';
import { checkLmdbFile } from './lmdb-file-check.js';
import { corrupt } from './storage-error.js';
import type { CheckpointManifest } from './checkpoint-store.js';

declare module 'lmdb' {
  // Exported by lmdb, but missing in its types.
  export function bufferToKeyValue(source: Buffer): unknown;
}

export interface FoundCheckpoints {
  /** The complete ones, oldest first. */
  readonly complete: readonly CheckpointManifest[];
  /** Chunks of checkpoints that were never completed, or are being written. */
  readonly unfinishedChunks: number;
}

interface Amount {
  chunks: number;
  bytes: number;
}

/** What is in a checkpoint directory; every value is checked. Throws DATA_FOREIGN, DATA_CORRUPT. */
export function readCheckpoints(directory: string): FoundCheckpoints {
  const file = join(directory, 'data.mdb');
  const complete: CheckpointManifest[] = [];
  const parts = new Map<string, Amount>();
  checkLmdbFile(file, (bytes, value) => {
    const key = keyOf(file, bytes);
    const [kind, id = 0, part = 0] = key;
    const content = unseal(file, key, value(), `the value of key ${key.join('/')}`);
    if (kind === MANIFEST) complete.push(decodeManifest(file, id, content));
    else count(parts, `${id}/${part}`, content.byteLength);
  });
  for (const manifest of complete) takeParts(file, manifest, parts);
  const unfinishedChunks = [...parts.values()].reduce((sum, { chunks }) => sum + chunks, 0);
  return { complete, unfinishedChunks };
}

function keyOf(file: string, bytes: Buffer): number[] {
  const key = bufferToKeyValue(bytes);
  if (isNumbers(key) && (key[0] === CHUNK || key[0] === MANIFEST)) return key;
  throw corrupt(file, 0, 'it holds a key that is not of a checkpoint');
}

function isNumbers(key: unknown): key is number[] {
  return Array.isArray(key) && key.every((each) => typeof each === 'number');
}

function count(parts: Map<string, Amount>, name: string, bytes: number): void {
  const amount = parts.get(name) ?? { chunks: 0, bytes: 0 };
  amount.chunks++;
  amount.bytes += bytes;
  parts.set(name, amount);
}

/** Checks that a checkpoint's parts are all there, and takes them out. */
function takeParts(file: string, { id, parts: manifests }: CheckpointManifest, parts: Map<string, Amount>): void {
  for (const { part, chunks, bytes } of manifests) {
    const found = parts.get(`${id}/${part}`) ?? { chunks: 0, bytes: 0 };
    if (found.chunks !== chunks || found.bytes !== bytes)
      throw corrupt(
        file,
        0,
        `part ${part} of checkpoint ${id} has ${found.bytes} bytes in ${found.chunks} chunks where ${bytes} in ${chunks} are due`,
      );
    parts.delete(`${id}/${part}`);
  }
}
