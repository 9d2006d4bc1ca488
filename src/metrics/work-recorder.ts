/** Records what one stream executes. Clocks cost more than light commands do, so not all commands are timed. */
import { slotOfHash } from '../classifier/slots.js';
import { PsmrError } from '../errors.js';
import type { PreparedCommand } from '../execution/command-table.js';
import type { ExecutionRecorder } from '../execution/execution-recorder.js';
import { add, type Recording } from '../memory/recordings.js';
import { Sampler } from './sampler.js';

/** Commands that keep their stream for so long are told of, at most so often. */
const SLOW_US = 50_000;
const SLOW_INTERVAL_US = 250_000;

/** `commands`: executed one after another in this time, some or all of them slow; by name. */
export type SlowReport = (names: readonly string[], commands: number, us: number) => void;

type Recorded = Pick<Recording, 'counts' | 'samples' | 'sampledUs' | 'slots'>;

export class WorkRecorder implements ExecutionRecorder {
  readonly #recording: Recorded;
  readonly #nowUs: () => number;
  readonly #slow: SlowReport;
  readonly samples = new Sampler();
  readonly #tally: number[] = [];
  #nextSlowUs = -Infinity;
  #beganUs = 0;
  #chunkUs = 0;

  constructor(recording: Recorded, nowUs: () => number, slow: SlowReport) {
    this.#recording = recording;
    this.#nowUs = nowUs;
    this.#slow = slow;
  }

  batch(named: readonly (PreparedCommand | PsmrError)[], indexes: ArrayLike<number>): void {
    this.#chunkUs = this.#nowUs();
    const [only] = named;
    if (only !== undefined && named.length === 1) return this.#count(only, indexes.length);
    const tally = this.#tally;
    for (let name = 0; name < named.length; name++) tally[name] = 0;
    for (let at = 0; at < indexes.length; at++) {
      const name = indexes[at] as number;
      tally[name] = (tally[name] as number) + 1;
    }
    for (let name = 0; name < named.length; name++) {
      this.#count(named[name] as PreparedCommand | PsmrError, tally[name] as number);
    }
  }

  ran(commands: readonly (PreparedCommand | null)[], count: number): void {
    const now = this.#nowUs();
    const us = now - this.#chunkUs;
    this.#chunkUs = now;
    if (us < SLOW_US || now < this.#nextSlowUs) return;
    this.#nextSlowUs = now + SLOW_INTERVAL_US;
    const names = commands.slice(0, count).flatMap((command) => (command === null ? [] : [command.name]));
    this.#slow([...new Set(names)], count, us);
  }

  crossCommand(command: PreparedCommand): void {
    this.#count(command, 1);
  }

  begin(): void {
    this.samples.chosen();
    this.#beganUs = this.#nowUs();
  }

  end(command: PreparedCommand, alone: boolean): void {
    const us = this.#nowUs() - this.#beganUs;
    add(this.#recording.samples, command.place, 1);
    add(this.#recording.sampledUs, command.place, us);
    if (!alone || us < SLOW_US) return;
    this.#chunkUs = this.#beganUs;
    this.ran([command], 1);
  }

  key(hash: number): void {
    add(this.#recording.slots, slotOfHash(hash), 1);
  }

  #count(command: PreparedCommand | PsmrError, count: number): void {
    if (command instanceof PsmrError || count === 0) return;
    add(this.#recording.counts, command.place, count);
  }
}
