/** One run of a replica's process: time as it sees it, its disk, and its threads, which pause and die with it. */
import { MemoryDisk } from '../../src/storage/memory-disk.js';
import type { FileSystem } from '../../src/storage/file-system.js';
import type { RaftClock } from '../../src/ordering/raft/raft-group-log-options.js';
import type { VirtualTime } from '../ordering/raft/virtual-time.js';
import { slowDisk } from './slow-disk.js';

/** Within the 500 us after which a stream answers what it has executed: sometimes one step is too long, sometimes not. */
const STEP_US_MAX = 400;

/** What a machine keeps from one run of its process to the next. */
export class Machine {
  disk = new MemoryDisk();
  /** How wrong its clocks are now, ms: the one of the wall, and the one that timers go by. */
  wallOffsetMs = 0;
  timerOffsetMs = 0;
  /** How fast its timers go. */
  clockRate = 1;
  slowestSyncMs = 1;
  #workedUs = 0;
  /** Told when a sync begins: a good moment for the power to fail. */
  syncing: (path: string) => void = () => undefined;

  constructor(
    readonly number: number,
    readonly time: VirtualTime,
    readonly random: () => number,
  ) {}

  /** As a thread sees its own work: a step takes up to as long as it may work before it answers. */
  readonly workingUs = (): number => (this.#workedUs += this.random() * STEP_US_MAX);

  wallMs(): number {
    return 1_000_000_000 + Math.floor(this.time.now + this.wallOffsetMs);
  }

  /** Cuts the power: what was not synced is there in part, or not. */
  losePower(): void {
    this.disk = this.disk.restarted(this.random);
  }
}

export class SimulatedProcess {
  alive = true;
  readonly #machine: Machine;
  readonly #pausedUntil: number[] = [];

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  pause(group: number, ms: number): void {
    this.#pausedUntil[group] = this.#machine.time.now + ms;
  }

  isPaused(group: number): boolean {
    return (this.#pausedUntil[group] ?? 0) > this.#machine.time.now;
  }

  /** On a group's thread. */
  after(group: number, ms: number, act: () => void): void {
    this.#machine.time.after(ms, () => {
      if (!this.alive) return;
      if (this.isPaused(group)) this.after(group, (this.#pausedUntil[group] ?? 0) - this.#machine.time.now, act);
      else act();
    });
  }

  clock(group: number): RaftClock {
    const { time } = this.#machine;
    return {
      now: () => time.now * this.#machine.clockRate + this.#machine.timerOffsetMs,
      after: (ms, act) => {
        let cancelled = false;
        this.after(group, ms / this.#machine.clockRate, () => {
          if (!cancelled) act();
        });
        return () => {
          cancelled = true;
        };
      },
      soon: queueMicrotask,
    };
  }

  fileSystem(group: number): FileSystem {
    const { disk, random } = this.#machine;
    const wait = (path: string): Promise<void> => this.wait(group, path)();
    return slowDisk(disk, wait, () => this.alive && random() < 0.5);
  }

  /** As long as the disk takes. */
  wait(group: number, path: string): () => Promise<void> {
    const { random } = this.#machine;
    return () => {
      if (this.alive) this.#machine.syncing(path);
      return new Promise((resolve) => this.after(group, random() * this.#machine.slowestSyncMs, resolve));
    };
  }
}
