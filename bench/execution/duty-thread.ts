/** The scaffolding of every thread that executes or schedules a prebuilt log: control, counters, phases. */
import type { MessagePort } from 'node:worker_threads';
import { ControlBlock, EngineState } from '../../src/memory/control-block.js';
import { Counter, Counters } from '../../src/memory/counters.js';
import type { RecordingsMemory } from '../../src/memory/recordings.js';
import { DutyCycle, type DutyWatch, type PollOutcome } from '../../src/replica/duty-cycle.js';
import type { EngineMemory } from '../../src/replica/engine-memory.js';
import { answerCalls } from '../threads/thread-calls.js';
import type { Duty } from './duty.js';
import type { SourceEnd } from './stream-source.js';
import { summarise, type StateSummary } from './state-summary.js';

/** What all of these threads are started with. */
export interface DutyTask {
  /** 1..K: executes that stream; 0: schedules for the others. */
  readonly group: number;
  readonly memory: EngineMemory;
  /** Null: nothing but commands is counted. */
  readonly recordings: RecordingsMemory | null;
  /** Int32: 1 while commands are to be executed. */
  readonly running: SharedArrayBuffer;
  readonly spinUs: number;
}

/** What the main thread asks of them. */
export interface DutyCalls extends Record<string, (argument: never) => unknown> {
  /** Resolves when the state is filled. */
  load(): Promise<void>;
  /** Between two runs: the lap of the measured log that the thread is in. */
  lap(): number;
  /** Resolves when the log is executed up to the end of that lap, with what the thread holds then. */
  finish(lap: number): Promise<StateSummary>;
}

/** Steps between two looks at whether to go on. */
const STEPS_PER_POLL = 16;

type Phase = 'new' | 'loading' | 'ready' | 'finishing' | 'done';

export class DutyThread {
  readonly #duty: Duty;
  readonly #control: ControlBlock;
  readonly #counters: Counters;
  readonly #running: Int32Array;
  readonly #cycle: DutyCycle;
  readonly #failure: Promise<never>;
  #phase: Phase = 'new';
  #ended: (end: SourceEnd) => void = () => undefined;

  constructor(task: DutyTask, duty: Duty, watch: DutyWatch | null = null) {
    this.#duty = duty;
    this.#control = new ControlBlock(task.memory.control);
    this.#counters = new Counters(task.memory.counters, task.group);
    this.#running = new Int32Array(task.running);
    let fail: (error: unknown) => void = () => undefined;
    this.#failure = new Promise((_, reject) => {
      fail = reject;
    });
    const bell = this.#control.bell(task.group);
    this.#cycle = new DutyCycle({ bell, poll: () => this.#poll(), watch, spinUs: task.spinUs, failed: fail });
  }

  async serve(port: MessagePort): Promise<void> {
    const calls: DutyCalls = {
      load: () => this.#enter('loading'),
      lap: () => this.#duty.lap,
      finish: async (lap: number) => {
        this.#duty.finishAfter(lap);
        await this.#enter('finishing');
        return summarise(this.#duty.state());
      },
    };
    this.#cycle.wake();
    try {
      await answerCalls(port, calls, this.#failure);
    } finally {
      this.#cycle.end();
    }
  }

  /** Resolves when the phase is over. */
  #enter(phase: Phase): Promise<void> {
    this.#phase = phase;
    this.#cycle.wake();
    return new Promise((resolve) => {
      this.#ended = () => resolve();
    });
  }

  #poll(): PollOutcome {
    if (!this.#active) return 'park';
    let outcome: PollOutcome = 'progress';
    for (let steps = 0; steps < STEPS_PER_POLL; steps++) {
      const done = this.#duty.step();
      if (done === 'progress') continue;
      if (done !== 'waiting') this.#end(done);
      // With something done before, another look costs little.
      outcome = steps > 0 ? 'progress' : 'spin';
      break;
    }
    const { commands, failedCommands } = this.#duty.counts;
    this.#counters.set(Counter.commands, commands);
    this.#counters.set(Counter.failedCommands, failedCommands);
    return outcome;
  }

  get #active(): boolean {
    if (this.#control.state !== EngineState.running) return false;
    if (this.#phase === 'ready') return Atomics.load(this.#running, 0) === 1;
    return this.#phase === 'loading' || this.#phase === 'finishing';
  }

  #end(end: SourceEnd): void {
    this.#phase = end === 'loaded' ? 'ready' : 'done';
    if (end === 'loaded') this.#duty.goOn();
    this.#ended(end);
  }
}
