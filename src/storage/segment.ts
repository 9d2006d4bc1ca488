import { RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES, recordBytes } from './segment-format.js';
import type { StoredFile } from './file-system.js';

/** One file of the log and where its records are. Appends are counted here first and written later. */
export class Segment {
  readonly firstIndex: number;
  readonly salt: number;
  /** Size of the file. */
  readonly fileBytes: number;
  readonly path: string;
  /** Null until the file has got its name in the log: until then no record of it is on disk. */
  file: StoredFile | null = null;
  readonly #offsets: number[];
  #end: number;

  constructor(
    place: { firstIndex: number; salt: number; fileBytes: number; path: string },
    offsets: readonly number[] = [],
    end = SEGMENT_HEADER_BYTES,
  ) {
    this.firstIndex = place.firstIndex;
    this.salt = place.salt;
    this.fileBytes = place.fileBytes;
    this.path = place.path;
    this.#offsets = [...offsets];
    this.#end = end;
  }

  /** firstIndex - 1 when empty. */
  get lastIndex(): number {
    return this.firstIndex + this.#offsets.length - 1;
  }

  /** Where the next record goes. */
  get end(): number {
    return this.#end;
  }

  get recordsBytes(): number {
    return this.#end - SEGMENT_HEADER_BYTES;
  }

  /** There is always room left for an end mark. */
  fits(payloadBytes: number): boolean {
    return this.#end + recordBytes(payloadBytes) + RECORD_HEADER_BYTES <= this.fileBytes;
  }

  /** Takes the place of the next record. */
  add(payloadBytes: number): void {
    this.#offsets.push(this.#end);
    this.#end += recordBytes(payloadBytes);
  }

  /** Where record `index` starts; the end for lastIndex + 1. */
  offsetOf(index: number): number {
    return this.#offsets[index - this.firstIndex] ?? this.#end;
  }

  /** Forgets the records above `index`. */
  cutAbove(index: number): void {
    if (index >= this.lastIndex) return;
    this.#end = this.offsetOf(index + 1);
    this.#offsets.length = index + 1 - this.firstIndex;
  }
}
