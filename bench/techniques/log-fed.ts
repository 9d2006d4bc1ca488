import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { PartitionMap } from '../../src/classifier/partition-map.js';
import { ControlBlock, EngineState } from '../../src/memory/control-block.js';
import { createEngineMemory, type EngineMemory } from '../../src/replica/engine-memory.js';
import { readGroupStats } from '../../src/replica/engine-stats.js';
import type { OrderedLogs } from '../logs/ordered-logs.js';
import type { LogWorkerTask } from '../threads/log-worker.js';
import type { Contender, Sample } from './technique.js';
import type { Variant } from './variant.js';

const WORKER = fileURLToPath(new URL('../threads/log-worker.js', import.meta.url));
/** Longer than an engine's: these threads have nothing to do but execute. */
const SPIN_US = 2000;

/** smr and p-smr fed from logs in memory: the execution layer alone, one thread per stream. */
export class LogFed implements Contender {
  readonly variant: Variant;
  readonly #service: URL;
  readonly #map: PartitionMap;
  readonly #load: () => OrderedLogs;
  readonly #measured: () => OrderedLogs;
  readonly #memory: EngineMemory;
  readonly #control: ControlBlock;
  readonly #running = new SharedArrayBuffer(4);
  #pool: Piscina | null = null;
  #workers: Promise<void>[] = [];

  constructor(variant: Variant, service: URL, map: PartitionMap, load: () => OrderedLogs, measured: () => OrderedLogs) {
    this.variant = variant;
    this.#service = service;
    this.#map = map;
    this.#load = load;
    this.#measured = measured;
    this.#memory = createEngineMemory(map.streams);
    this.#control = new ControlBlock(this.#memory.control);
  }

  async prepare(): Promise<void> {
    const { streams } = this.#map;
    this.#pool = new Piscina({ filename: WORKER, minThreads: streams, maxThreads: streams, atomics: 'disabled' });
    const load = this.#load();
    const measured = this.#measured();
    const loaded = Array.from({ length: streams }, (_, at) => this.#start(at + 1, load, measured));
    await Promise.race([Promise.all(loaded), Promise.all(this.#workers)]);
  }

  async run(seconds: number): Promise<Sample> {
    this.#setRunning(1);
    const before = this.#executed();
    const start = performance.now();
    await sleep(seconds * 1000);
    const commands = this.#executed() - before;
    const elapsed = (performance.now() - start) / 1000;
    this.#setRunning(0);
    return { commands, seconds: elapsed, latencies: null };
  }

  async stop(): Promise<void> {
    this.#control.enter(EngineState.stopping);
    await Promise.allSettled(this.#workers);
    await this.#pool?.destroy();
  }

  #start(stream: number, load: OrderedLogs, measured: OrderedLogs): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    const task: LogWorkerTask = {
      stream,
      service: this.#service.href,
      map: this.#map.toJson(),
      memory: this.#memory,
      load: { own: load.groups[stream] ?? [], sync: load.groups[0] ?? [] },
      measured: { own: measured.groups[stream] ?? [], sync: measured.groups[0] ?? [] },
      running: this.#running,
      spinUs: SPIN_US,
    };
    const run = this.#pool?.run({ task, port: port2 }, { transferList: [port2] }) as Promise<void>;
    this.#workers.push(run);
    return new Promise((resolve, reject) => {
      run.catch(reject);
      port1.once('message', () => {
        port1.close();
        resolve();
      });
    });
  }

  #executed(): number {
    return readGroupStats(this.#memory.counters, this.#map.names).reduce((sum, group) => sum + group.commands, 0);
  }

  #setRunning(value: number): void {
    Atomics.store(new Int32Array(this.#running), 0, value);
    for (let stream = 1; stream <= this.#map.streams; stream++) this.#control.bell(stream).ring();
  }
}
