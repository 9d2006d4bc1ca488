/**
 * New segments are written as zeros before they are needed: then an append changes no file size and allocates no block,
 * and fdatasync has only the data to write. The file gets its place in the log by a rename.
 */
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { encodeSegmentHeader, segmentName, spareName } from './segment-format.js';
import { Segment } from './segment.js';
import type { FileSystem, StoredFile } from './file-system.js';

/** Zeros go out in pieces, each synced: one large one would hold up the syncs of every log on the disk. */
const PIECE_BYTES = 1024 * 1024;
const SALT_LIMIT = 0x1_0000_0000;

/** A segment file without a place in the log yet. */
export interface Spare {
  readonly salt: number;
  readonly fileBytes: number;
  readonly path: string;
  /** Resolves when header and zeros are durable. */
  readonly ready: Promise<StoredFile>;
}

export interface LogDirectory {
  readonly fileSystem: FileSystem;
  readonly path: string;
  /** Whose log it is; stands in every segment's header. */
  readonly identity: string;
}

async function writeSpare(directory: LogDirectory, path: string, salt: number, fileBytes: number): Promise<StoredFile> {
  const file = directory.fileSystem.open(path, 'create');
  const zeros = new Uint8Array(Math.min(PIECE_BYTES, fileBytes));
  for (let at = 0; at < fileBytes; at += PIECE_BYTES) {
    await file.write(at, zeros.subarray(0, Math.min(PIECE_BYTES, fileBytes - at)));
    await file.sync();
  }
  await file.write(0, encodeSegmentHeader({ salt, bytes: fileBytes, identity: directory.identity }));
  await file.sync();
  return file;
}

/** Starts to write a segment file; an error shows when `ready` is awaited. */
export function prepareSpare(directory: LogDirectory, fileBytes: number): Spare {
  const salt = randomInt(1, SALT_LIMIT);
  const path = join(directory.path, spareName(salt));
  const ready = writeSpare(directory, path, salt, fileBytes);
  ready.catch(() => undefined); // awaited later, or never where the store closes first
  return { salt, fileBytes, path, ready };
}

/** The segment that a spare will be: counted on in memory before the file is there. */
export function plannedSegment(directory: LogDirectory, spare: Spare, firstIndex: number): Segment {
  const path = join(directory.path, segmentName(firstIndex));
  return new Segment({ firstIndex, salt: spare.salt, fileBytes: spare.fileBytes, path });
}

/** Gives the spare's file its place in the log, durably. */
export async function activate(directory: LogDirectory, segment: Segment, spare: Spare): Promise<void> {
  const file = await spare.ready;
  directory.fileSystem.rename(spare.path, segment.path);
  await directory.fileSystem.syncDirectory(directory.path);
  segment.file = file;
}

/** Removes a spare that is not needed any more. */
export async function discardSpare(directory: LogDirectory, spare: Spare): Promise<void> {
  const file = await spare.ready.catch(() => null);
  if (file === null) return; // what is left of it is removed when the log is next opened
  file.close();
  directory.fileSystem.remove(spare.path);
}
