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
const PIECE_BYTES = 256 * 1024;
const ZEROS = new Uint8Array(PIECE_BYTES);
const SALT_LIMIT = 0x1_0000_0000;

export interface LogDirectory {
  readonly fileSystem: FileSystem;
  readonly path: string;
  /** Whose log it is; stands in every segment's header. */
  readonly identity: string;
}

/** A segment file without a place in the log yet. It is written bit by bit, no faster than it is asked for. */
export class Spare {
  readonly salt = randomInt(1, SALT_LIMIT);
  readonly fileBytes: number;
  readonly path: string;
  readonly #directory: LogDirectory;
  #file: StoredFile | null = null;
  #written = 0;
  #wanted = 0;
  #writing: Promise<void> | null = null;
  #whole: Promise<StoredFile> | null = null;

  constructor(directory: LogDirectory, fileBytes: number) {
    this.#directory = directory;
    this.fileBytes = fileBytes;
    this.path = join(directory.path, spareName(this.salt));
  }

  /** This share of it, 0 to 1, should be there soon. An error shows in `whole`. */
  keepUp(share: number): void {
    const wanted = Math.min(this.fileBytes, Math.ceil(share * this.fileBytes));
    if (wanted <= this.#wanted) return;
    this.#wanted = wanted;
    this.#goOn().catch(() => undefined);
  }

  /** Resolves when header and zeros are durable. */
  whole(): Promise<StoredFile> {
    this.#wanted = this.fileBytes;
    this.#whole ??= this.#finish();
    return this.#whole;
  }

  /** It is not needed any more. */
  async discard(): Promise<void> {
    this.#wanted = 0;
    await (this.#whole ?? this.#writing)?.catch(() => undefined);
    if (this.#file === null) return;
    this.#file.close();
    this.#directory.fileSystem.remove(this.path);
  }

  async #finish(): Promise<StoredFile> {
    while (this.#written < this.fileBytes) await this.#goOn();
    const file = this.#opened();
    const { identity } = this.#directory;
    await file.write(0, encodeSegmentHeader({ salt: this.salt, bytes: this.fileBytes, identity }));
    await file.sync();
    return file;
  }

  #goOn(): Promise<void> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
    return this.#writing;
  }

  async #write(): Promise<void> {
    const file = this.#opened();
    while (this.#written < this.#wanted) {
      const bytes = Math.min(PIECE_BYTES, this.fileBytes - this.#written);
      await file.write(this.#written, ZEROS.subarray(0, bytes));
      await file.sync();
      this.#written += bytes;
    }
  }

  #opened(): StoredFile {
    this.#file ??= this.#directory.fileSystem.open(this.path, 'create');
    return this.#file;
  }
}

/** The segment that a spare will be: counted on in memory before the file is there. */
export function plannedSegment(directory: LogDirectory, spare: Spare, firstIndex: number): Segment {
  const path = join(directory.path, segmentName(firstIndex));
  return new Segment({ firstIndex, salt: spare.salt, fileBytes: spare.fileBytes, path });
}

/** Gives the spare's file its place in the log, durably. */
export async function activate(directory: LogDirectory, segment: Segment, spare: Spare): Promise<void> {
  const file = await spare.whole();
  directory.fileSystem.rename(spare.path, segment.path);
  await directory.fileSystem.syncDirectory(directory.path);
  segment.file = file;
}
