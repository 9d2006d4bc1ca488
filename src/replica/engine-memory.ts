/** The shared memory of one engine, made once by the main thread. */
import { createControlBlock, type ControlBlockMemory } from '../memory/control-block.js';
import { createCounters } from '../memory/counters.js';
import { createRing } from '../memory/ring.js';
import { CLIENT_CLOSED_WORD, CLIENT_WORDS_BYTES, type RingClientMemory } from './ring-client.js';
import type { LinkMemory } from './stream-links.js';

/** Runs and results: large enough that group 0 is seldom held up by a stream that is behind. */
const SYNC_RING_BYTES = 1 << 20;
/** Values of a rendezvous; there are K * (K - 1) of these rings, so with many streams they are smaller. */
const EXCHANGE_RING_BYTES = 1 << 18;
const EXCHANGE_RING_BYTES_MANY = 1 << 16;
const MANY_STREAMS = 8;

export interface EngineMemory {
  readonly control: ControlBlockMemory;
  readonly counters: SharedArrayBuffer;
  readonly links: LinkMemory;
}

export interface RingSizes {
  readonly syncBytes: number;
  readonly exchangeBytes: number;
}

/** Rings between workers: as large as `sizes` says, or as suits the number of streams. */
export function createEngineMemory(streams: number, sizes: RingSizes = sizesFor(streams)): EngineMemory {
  const groups = streams + 1;
  const none = new SharedArrayBuffer(0);
  const perStream = (make: (stream: number) => SharedArrayBuffer): SharedArrayBuffer[] =>
    Array.from({ length: groups }, (_, group) => (group === 0 ? none : make(group)));
  const { syncBytes, exchangeBytes } = sizes;
  return {
    control: createControlBlock(groups),
    counters: createCounters(groups),
    links: {
      ordered: perStream(() => createRing(syncBytes)),
      results: perStream(() => createRing(syncBytes)),
      exchange: Array.from({ length: groups }, (_, from) =>
        perStream((to) => (from === 0 || from === to ? none : createRing(exchangeBytes))),
      ),
    },
  };
}

function sizesFor(streams: number): RingSizes {
  const exchangeBytes = streams > MANY_STREAMS ? EXCHANGE_RING_BYTES_MANY : EXCHANGE_RING_BYTES;
  return { syncBytes: SYNC_RING_BYTES, exchangeBytes };
}

/** One client's rings: a pair per group, and one set of words for all. */
export interface ClientMemory {
  readonly id: number;
  readonly words: SharedArrayBuffer;
  readonly requests: readonly SharedArrayBuffer[];
  readonly replies: readonly SharedArrayBuffer[];
}

export function createClientMemory(id: number, groups: number, ringBytes: number): ClientMemory {
  const rings = (): SharedArrayBuffer[] => Array.from({ length: groups }, () => createRing(ringBytes));
  return { id, words: new SharedArrayBuffer(CLIENT_WORDS_BYTES), requests: rings(), replies: rings() };
}

/** Whether the client is not closed: until then its thread is to be woken, and its memory kept. */
export function isOpen({ words }: ClientMemory): boolean {
  return Atomics.load(new Int32Array(words), CLIENT_CLOSED_WORD) === 0;
}

export function clientMemoryOf(client: ClientMemory, group: number): RingClientMemory {
  const requests = client.requests[group];
  const replies = client.replies[group];
  if (requests === undefined || replies === undefined) throw new Error(`broken invariant: there is no group ${group}`);
  return { id: client.id, words: client.words, requests, replies };
}
