import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { DEFAULT_LIMITS } from '../../src/config/limits.js';
import { messageOf } from '../../src/errors.js';
import { ControlBlock, EngineState, type ControlBlockMemory } from '../../src/memory/control-block.js';
import { clientMemoryOf, createClientMemory, createEngineMemory } from '../../src/replica/engine-memory.js';
import type { EnginePort } from '../../src/replica/engine-port.js';
import type { RingClientMemory } from '../../src/replica/ring-client.js';
import { BenchThreads, type BenchThread } from '../threads/bench-threads.js';
import type { ThreadCalls } from '../threads/thread-calls.js';
import { ringBytesFor } from './ring-bytes.js';
import type { Target } from './target.js';

/** What a thread that serves clients by itself is started with. */
export interface FrameServerTask {
  readonly service: string;
  /** Workers behind the thread, where it has any. */
  readonly streams: number;
  readonly control: ControlBlockMemory;
  readonly clients: readonly RingClientMemory[];
}

export interface FrameServerCalls extends ThreadCalls {
  /** Resolves when the thread serves its clients. */
  open: () => Promise<void>;
}

/** Clients see one stream. */
const MAP = createPartitionMap({ streams: 1 });
const GROUP = 1;
const GROUPS = 2;

/** no-rep and sp-smr: one thread takes the commands of all clients. */
export class ThreadTarget implements Target {
  readonly #module: URL;
  readonly #service: URL;
  readonly #streams: number;
  readonly #control = createEngineMemory(1).control;
  readonly #pool = new BenchThreads(1);
  #thread: BenchThread<FrameServerCalls> | null = null;

  constructor(module: URL, service: URL, streams: number) {
    this.#module = module;
    this.#service = service;
    this.#streams = streams;
  }

  async start(clients: number): Promise<readonly EnginePort[]> {
    const limits = { ...DEFAULT_LIMITS, ringBytes: ringBytesFor(clients, GROUPS) };
    const memories = Array.from({ length: clients }, (_, id) => createClientMemory(id, GROUPS, limits.ringBytes));
    const control = this.#control;
    const task: FrameServerTask = {
      service: this.#service.href,
      streams: this.#streams,
      control,
      clients: memories.map((memory) => clientMemoryOf(memory, GROUP)),
    };
    this.#thread = this.#pool.start<FrameServerCalls>(this.#module, task);
    await this.#thread.call('open');
    const partitionMap = MAP.toJson();
    const serviceUrl = this.#service.href;
    return memories.map((memory) => ({ kind: 'psmr-engine-port', serviceUrl, partitionMap, limits, control, memory }));
  }

  get failure(): Promise<never> {
    const dead = this.#thread?.death ?? new Promise<never>(() => undefined);
    return dead.catch((error: unknown) => {
      new ControlBlock(this.#control).enter(EngineState.failed, messageOf(error));
      throw error;
    });
  }

  async stop(): Promise<void> {
    new ControlBlock(this.#control).enter(EngineState.stopping);
    await this.#pool.stop();
  }
}
