/**
 * The hash of one part of a checkpoint, which replicas compare: all that decides what later commands do. Keys count in
 * any order. Sessions count by what their next commands are decided by, and in their order, which says whose turn it is
 * to be forgotten; the replies kept for them do not, as how many are kept is each replica's own affair.
 */
import { crc32 } from 'node:zlib';
import { decodeValue } from '../execution/command-batch.js';
import { decisiveOf } from '../execution/session-table.js';

/** What a chunk holds; each chunk is [kind, items...]. */
export const ChunkKind = { own: 0, everywhere: 1, sessions: 2 } as const;

export class PartHash {
  #low = 0;
  #high = 0;
  #keys = 0;
  #sessions = 0;

  /** Of the partition's own. */
  get keys(): number {
    return this.#keys;
  }

  /** 64 bits. */
  get hex(): string {
    return this.#high.toString(16).padStart(8, '0') + this.#low.toString(16).padStart(8, '0');
  }

  /** Throws where it is no chunk. */
  add(chunk: Uint8Array): void {
    const [kind, items] = decodeValue(chunk) as [number, Uint8Array[]];
    for (const item of items) this.addItem(kind, item);
  }

  addItem(kind: number, item: Uint8Array): void {
    if (kind === ChunkKind.own) this.#keys++;
    const bytes = kind === ChunkKind.sessions ? decisiveOf(item, this.#sessions++) : item;
    const crc = crc32(bytes, kind);
    this.#low = (this.#low + crc) >>> 0;
    // A second, non-linear lane: sums of a CRC alone would miss some pairs of changes.
    this.#high = (this.#high + Math.imul(crc ^ (crc >>> 15), crc | 1)) >>> 0;
  }
}
