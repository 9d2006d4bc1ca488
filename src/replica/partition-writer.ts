/**
 * Writes a partition out while commands run: it is marked at once, and encoded a piece at a time between slices of
 * execution (section 8 of the design).
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { decodeValue, encodeValue } from '../execution/command-batch.js';
import type { EventRing } from '../execution/event-ring.js';
import type { StreamValues } from '../execution/command-runner.js';
import type { PartitionStore } from '../execution/partition-store.js';
import type { SessionTable } from '../execution/session-table.js';
import { decodeStored, encodableStored, type Stored } from '../service/values.js';
import type { CheckpointWriter, PartManifest } from '../storage/checkpoint-store.js';
import type { CheckpointPace } from './checkpoint-pace.js';
import { ChunkKind, PartHash } from './part-hash.js';

/** About how much is encoded between two turns of the event loop. */
const CHUNK_BYTES = 64 * 1024;

/** What is known of a part before it is written. */
export type PartPlace = Pick<PartManifest, 'part' | 'nextIndex' | 'position' | 'timestampMs'>;

/** Marks the partition now; the promise resolves when the part is durable. */
export function writePartition(
  values: StreamValues,
  sessions: SessionTable,
  events: EventRing,
  writer: CheckpointWriter,
  place: PartPlace,
  pace: CheckpointPace,
): Promise<PartManifest> {
  const own = values.own.freeze();
  const everywhere = values.everywhere.freeze();
  const sessionChunks = [...sessions.encode()];
  const published = events.last === 0 ? null : events.encode();
  const write = async (): Promise<PartManifest> => {
    const hash = new PartHash();
    await writeEntries(writer, ChunkKind.own, own, hash, pace);
    await writeEntries(writer, ChunkKind.everywhere, everywhere, hash, pace);
    await writeSessionItems(writer, sessionChunks, hash);
    if (published !== null) await writeEvents(writer, published, hash, pace);
    return writer.finish({ ...place, keys: hash.keys, hash: hash.hex });
  };
  return write();
}

/** Part 0: group 0 has sessions, and no keys. */
export async function writeSessions(
  sessions: SessionTable,
  writer: CheckpointWriter,
  place: PartPlace,
): Promise<PartManifest> {
  const hash = new PartHash();
  await writeSessionItems(writer, [...sessions.encode()], hash);
  return writer.finish({ ...place, keys: 0, hash: hash.hex });
}

/** Adds a chunk written by `writePartition` or `writeSessions` to the state. */
export function restoreChunk(
  chunk: Uint8Array,
  values: StreamValues | null,
  sessions: SessionTable,
  events: EventRing | null,
): void {
  const [kind, items] = decodeValue(chunk) as [number, Uint8Array[]];
  for (const item of items) {
    if (kind === ChunkKind.sessions) sessions.restore(item);
    else if (kind === ChunkKind.eventPlace) events?.restorePlace(item);
    else if (kind === ChunkKind.events) events?.restoreEvent(item);
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
  hash: PartHash,
  pace: CheckpointPace,
): Promise<void> {
  let items: Uint8Array[] = [];
  let bytes = 0;
  let begunMs = performance.now();
  for (const [key, value] of entries) {
    const item = encodeValue([key, encodableStored(value)]);
    hash.addItem(kind, item);
    items.push(item);
    bytes += item.byteLength;
    if (bytes < CHUNK_BYTES) continue;
    const chunk = encodeValue([kind, items]);
    const workedMs = performance.now() - begunMs;
    await writer.write(chunk);
    await pace.rest(workedMs);
    items = [];
    bytes = 0;
    begunMs = performance.now();
  }
  if (items.length > 0) await writer.write(encodeValue([kind, items]));
}

async function writeSessionItems(
  writer: CheckpointWriter,
  sessions: readonly Uint8Array[],
  hash: PartHash,
): Promise<void> {
  const perChunk = 256;
  for (let from = 0; from < sessions.length; from += perChunk) {
    const items = sessions.slice(from, from + perChunk);
    for (const item of items) hash.addItem(ChunkKind.sessions, item);
    await writer.write(encodeValue([ChunkKind.sessions, items]));
    await nextTurn();
  }
}

async function writeEvents(
  writer: CheckpointWriter,
  { place, events }: ReturnType<EventRing['encode']>,
  hash: PartHash,
  pace: CheckpointPace,
): Promise<void> {
  hash.addItem(ChunkKind.eventPlace, place);
  await writer.write(encodeValue([ChunkKind.eventPlace, [place]]));
  let items: Uint8Array[] = [];
  let bytes = 0;
  let begunMs = performance.now();
  for (const event of events) {
    items.push(event);
    bytes += event.byteLength;
    if (bytes < CHUNK_BYTES) continue;
    const chunk = encodeValue([ChunkKind.events, items]);
    const workedMs = performance.now() - begunMs;
    await writer.write(chunk);
    await pace.rest(workedMs);
    items = [];
    bytes = 0;
    begunMs = performance.now();
  }
  if (items.length > 0) await writer.write(encodeValue([ChunkKind.events, items]));
}
