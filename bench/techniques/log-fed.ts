import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { invariant } from '../../src/errors.js';
import { ControlBlock, EngineState } from '../../src/memory/control-block.js';
import { createRecordings } from '../../src/memory/recordings.js';
import { createEngineMemory, type EngineMemory } from '../../src/replica/engine-memory.js';
import { readGroupStats } from '../../src/replica/engine-stats.js';
import type { DutyCalls, DutyTask } from '../execution/duty-thread.js';
import { addStates, EMPTY_STATE, type StateSummary } from '../execution/state-summary.js';
import { BenchThreads, type BenchThread } from '../threads/bench-threads.js';
import type { BenchJob } from '../workloads/bench-job.js';
import type { Contender, Sample } from './technique.js';
import type { Variant } from './variant.js';

/** Longer than an engine's: these threads have nothing to do but execute. */
const SPIN_US = 2000;
/** With more threads than cores, one that spins keeps another from working. */
const SPIN_US_CROWDED = 5;

/** Of a service, at most. */
const COMMANDS_MAX = 64;
const SHORTEST_WAIT_MS = 5;
/** Threads that execute nothing for so long are stuck. */
const IDLE_MS_MAX = 60_000;

/** A thread to start: its module, the group whose bell and counters it has, and the rest of its task. */
export interface DutySpec {
  readonly module: URL;
  readonly group: number;
  readonly details: object;
}

/** What the executing threads held when all had come to the end of a lap. */
export interface FinalState extends StateSummary {
  readonly laps: number;
}

/** A technique fed from logs in memory: the execution layer alone, on threads that nothing else keeps busy. */
export class LogFed implements Contender {
  readonly variant: Variant;
  readonly #job: BenchJob;
  readonly #plan: () => Promise<readonly DutySpec[]>;
  readonly #memory: EngineMemory;
  readonly #control: ControlBlock;
  readonly #running = new Int32Array(new SharedArrayBuffer(4));
  #pool: BenchThreads | null = null;
  #threads: readonly BenchThread<DutyCalls>[] = [];

  /** `plan` builds the logs, so it is called when there is time for it. */
  constructor(variant: Variant, job: BenchJob, plan: () => Promise<readonly DutySpec[]>) {
    this.variant = variant;
    this.#job = job;
    this.#plan = plan;
    this.#memory = createEngineMemory(variant.streams);
    this.#control = new ControlBlock(this.#memory.control);
  }

  async prepare(): Promise<void> {
    const specs = await this.#plan();
    const pool = new BenchThreads(specs.length);
    this.#pool = pool;
    const spinUs = specs.length > availableParallelism() ? SPIN_US_CROWDED : SPIN_US;
    const memory = this.#memory;
    const { streams, recording } = this.variant;
    const recordings = recording === true ? createRecordings(streams + 1, COMMANDS_MAX) : null;
    this.#threads = specs.map(({ module, group, details }) => {
      const task: DutyTask = { ...details, group, memory, recordings, running: this.#running.buffer, spinUs };
      return pool.start<DutyCalls>(module, task);
    });
    await Promise.all(this.#threads.map((thread) => thread.call('load')));
  }

  async run(seconds: number): Promise<Sample> {
    this.#setRunning(1);
    const before = this.#count('commands');
    const start = performance.now();
    let commands = 0;
    // On a busy machine a short run may be over before a thread has begun; a rate of nothing says nothing.
    for (let waitMs = seconds * 1000; commands === 0; waitMs = SHORTEST_WAIT_MS) {
      invariant(performance.now() - start < seconds * 1000 + IDLE_MS_MAX, 'the threads execute nothing');
      await Promise.race([sleep(waitMs), ...this.#threads.map((thread) => thread.death)]);
      commands = this.#count('commands') - before;
    }
    const elapsed = (performance.now() - start) / 1000;
    this.#setRunning(0);
    return { commands, seconds: elapsed, latencies: null };
  }

  async verify(): Promise<void> {
    const { laps, sum } = await this.finish();
    const failed = this.#count('failedCommands');
    invariant(failed === 0, `${failed} commands failed`);
    const { workload, load, commands } = this.#job;
    if (workload.conserved === null) return;
    const due = workload.conserved.added(load()) + laps * workload.conserved.added(commands);
    invariant(sum === due, `the sum over the state is ${sum}, but the commands make it ${due}`);
  }

  /** Executes up to the end of the next lap, checking every result; no more runs after this. */
  async finish(): Promise<FinalState> {
    const last = Math.max(...(await Promise.all(this.#threads.map((thread) => thread.call('lap'))))) + 1;
    const states = await Promise.all(this.#threads.map((thread) => thread.call('finish', last)));
    return { ...states.reduce(addStates, EMPTY_STATE), laps: last + 1 };
  }

  async stop(): Promise<void> {
    this.#control.enter(EngineState.stopping);
    await this.#pool?.stop();
  }

  #count(name: 'commands' | 'failedCommands'): number {
    const names = Array.from({ length: this.variant.streams }, (_, at) => String(at + 1));
    return readGroupStats(this.#memory.counters, names).reduce((sum, group) => sum + group[name], 0);
  }

  #setRunning(value: number): void {
    Atomics.store(this.#running, 0, value);
    for (let group = 0; group <= this.variant.streams; group++) this.#control.bell(group).ring();
  }
}
