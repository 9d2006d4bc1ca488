import { RECORD_HEADER_BYTES, RecordKind, payloadCrc, recordBytes, writeRecordHeader } from './segment-format.js';
import type { Segment } from './segment.js';

const FIRST_BYTES = 64 * 1024;

/** Consecutive records of one segment that are not on disk yet, as they will stand in the file. */
export class WriteRun {
  readonly segment: Segment;
  readonly firstIndex: number;
  /** Where the run starts in the file. */
  readonly position: number;
  #buffer: Uint8Array;
  #used = 0;
  #lastIndex: number;

  /** `buffer`: one to be used again; it is replaced by a larger one as needed. */
  constructor(segment: Segment, buffer: Uint8Array | null) {
    this.segment = segment;
    this.firstIndex = segment.lastIndex + 1;
    this.position = segment.end;
    this.#lastIndex = segment.lastIndex;
    this.#buffer = buffer ?? new Uint8Array(FIRST_BYTES);
  }

  get lastIndex(): number {
    return this.#lastIndex;
  }

  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#used);
  }

  /** The buffer, for the next run; this one must not be used any more. */
  get buffer(): Uint8Array {
    return this.#buffer;
  }

  append(pieces: readonly Uint8Array[], payloadBytes: number, durableIndex: number): void {
    const at = this.#used;
    const end = at + recordBytes(payloadBytes);
    this.#reserve(end);
    const from = at + RECORD_HEADER_BYTES;
    let to = from;
    for (const piece of pieces) {
      this.#buffer.set(piece, to);
      to += piece.byteLength;
    }
    this.#buffer.fill(0, to, end);
    this.#lastIndex += 1;
    const { salt } = this.segment;
    const crc = payloadCrc(this.#buffer.subarray(from, to), salt);
    const header = { kind: RecordKind.record, index: this.#lastIndex, durableIndex, payloadBytes, payloadCrc: crc };
    writeRecordHeader(this.#buffer, at, header, salt);
    this.#used = end;
    this.segment.add(payloadBytes);
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#buffer.byteLength) return;
    const larger = new Uint8Array(Math.max(bytes, this.#buffer.byteLength * 2));
    larger.set(this.bytes);
    this.#buffer = larger;
  }
}
