/**
 * Writes a partition out while commands run: it is marked at once, encoded a piece at a time between slices of
 * execution, and made whole again when everything is on disk (section 8 of the design).
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { decodeValue, encodeValue } from '../execution/command-batch.js';
import type { StreamValues } from '../execution/command-runner.js';
import type { PartitionStore } from '../execution/partition-store.js';
import type { SessionTable } from '../execution/session-table.js';
import { decodeStored, encodableStored, type Stored } from '../service/values.js';
import type { CheckpointWriter, PartManifest } from '../storage/checkpoint-store.js';

/** What a chunk holds; each chunk is [kind, items...]. */
const ChunkKind = { own: 0, everywhere: 1, sessions: 2 } as const;
/** About how much is encoded between two turns of the event loop. */
const CHUNK_BYTES = 64 * 1024;
const FOLD_KEYS = 512;

/** Content hash of a partition: order-independent, so that partitions can be added up; 64 bits. */
class ContentHash {
  #low = 0;
  #high = 0;
  keys = 0;

  add(item: Uint8Array): void {
    const crc = crc32(item);
    this.#low = (this.#low + crc) >>> 0;
    // A second, non-linear lane: sums of a CRC alone would miss some pairs of changes.
    this.#high = (this.#high + Math.imul(crc ^ (crc >>> 15), crc | 1)) >>> 0;
    this.keys++;
  }

  get hex(): string {
    return this.#high.toString(16).padStart(8, '0') + this.#low.toString(16).padStart(8, '0');
  }
}

/** What is known of a part before it is written. */
export type PartPlace = Pick<PartManifest, 'part' | 'nextIndex' | 'position' | 'timestampMs'>;

/** Marks the partition now; the promise resolves when the part is durable and the partition whole again. */
export function writePartition(
  values: StreamValues,
  sessions: SessionTable,
  writer: CheckpointWriter,
  place: PartPlace,
): Promise<PartManifest> {
  const own = values.own.freeze();
  const everywhere = values.everywhere.freeze();
  const sessionChunks = [...sessions.encode()];
  const write = async (): Promise<PartManifest> => {
    const hash = new ContentHash();
    await writeEntries(writer, ChunkKind.own, own, hash);
    await writeEntries(writer, ChunkKind.everywhere, everywhere, new ContentHash());
    await writeItems(writer, ChunkKind.sessions, sessionChunks);
    const manifest = await writer.finish({ ...place, keys: hash.keys, hash: hash.hex });
    await foldBack(values.own);
    await foldBack(values.everywhere);
    return manifest;
  };
  return write();
}

/** Part 0: group 0 has sessions, and no keys. */
export async function writeSessions(
  sessions: SessionTable,
  writer: CheckpointWriter,
  place: PartPlace,
): Promise<PartManifest> {
  await writeItems(writer, ChunkKind.sessions, [...sessions.encode()]);
  return writer.finish({ ...place, keys: 0, hash: new ContentHash().hex });
}

/** Adds a chunk written by `writePartition` or `writeSessions` to the state. */
export function restoreChunk(chunk: Uint8Array, values: StreamValues | null, sessions: SessionTable): void {
  const [kind, items] = decodeValue(chunk) as [number, Uint8Array[]];
  for (const item of items) {
    if (kind === ChunkKind.sessions) sessions.restore(item);
    else if (values !== null) restoreEntry(kind === ChunkKind.own ? values.own : values.everywhere, item);
  }
}

function restoreEntry(store: PartitionStore, item: Uint8Array): void {
  const [key, value] = decodeValue(item) as [string, unknown];
  store.set(key, decodeStored(value));
}

async function writeEntries(
  writer: CheckpointWriter,
  kind: number,
  entries: Iterable<[string, Stored]>,
  hash: ContentHash,
): Promise<void> {
  let items: Uint8Array[] = [];
  let bytes = 0;
  for (const [key, value] of entries) {
    const item = encodeValue([key, encodableStored(value)]);
    hash.add(item);
    items.push(item);
    bytes += item.byteLength;
    if (bytes < CHUNK_BYTES) continue;
    await writer.write(encodeValue([kind, items]));
    await nextTurn();
    items = [];
    bytes = 0;
  }
  if (items.length > 0) await writer.write(encodeValue([kind, items]));
}

async function writeItems(writer: CheckpointWriter, kind: number, items: readonly Uint8Array[]): Promise<void> {
  const perChunk = 256;
  for (let from = 0; from < items.length; from += perChunk) {
    await writer.write(encodeValue([kind, items.slice(from, from + perChunk)]));
    await nextTurn();
  }
}

async function foldBack(store: PartitionStore): Promise<void> {
  while (!store.fold(FOLD_KEYS)) await nextTurn();
}

/** The hash of a part, from its chunks: what its manifest must say. */
export class PartHash {
  readonly #hash = new ContentHash();

  /** Throws where it is no chunk. */
  add(chunk: Uint8Array): void {
    const [kind, items] = decodeValue(chunk) as [number, Uint8Array[]];
    if (kind === ChunkKind.own) for (const item of items) this.#hash.add(item);
  }

  get hex(): string {
    return this.#hash.hex;
  }
}
