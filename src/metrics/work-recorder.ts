/**
 * Records what one stream executes. Clocks cost more than light commands do, so few commands are timed: some of those
 * that come after each interval. Below SAMPLES commands per interval that is every command.
 */
import { slotOfHash } from '../classifier/slots.js';
import { PsmrError } from '../errors.js';
import type { PreparedCommand } from '../execution/command-table.js';
import type { ExecutionRecorder } from '../execution/execution-recorder.js';
import type { Recording } from '../memory/recordings.js';

const INTERVAL_US = 2000;
const SAMPLES = 16;
/** Beyond these the slow turn's commands are not told apart. */
const NAMED_MAX = 31;

export class WorkRecorder implements ExecutionRecorder {
  readonly #recording: Recording;
  readonly #nowUs: () => number;
  readonly #tally: number[] = [];
  #samplesLeft = SAMPLES;
  #nextUs = 0;
  #beganUs = 0;
  /** A bit per command executed since the last turn. */
  #executed = 0;

  constructor(recording: Recording, nowUs: () => number) {
    this.#recording = recording;
    this.#nowUs = nowUs;
  }

  /** The worker has polled once more. */
  turn(nowUs: number): void {
    this.#executed = 0;
    if (nowUs < this.#nextUs) return;
    this.#nextUs = nowUs + INTERVAL_US;
    this.#samplesLeft = SAMPLES;
  }

  /** The places of the commands executed in this turn. */
  get executed(): number[] {
    return Array.from({ length: NAMED_MAX }, (_, place) => place).filter((place) => (this.#executed >> place) & 1);
  }

  batch(named: readonly (PreparedCommand | PsmrError)[], indexes: ArrayLike<number>): void {
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

  crossCommand(command: PreparedCommand): void {
    this.#count(command, 1);
  }

  takeSamples(count: number): number {
    const taken = Math.min(count, this.#samplesLeft);
    this.#samplesLeft -= taken;
    return taken;
  }

  begin(): void {
    this.#beganUs = this.#nowUs();
  }

  end({ place }: PreparedCommand): void {
    const us = this.#nowUs() - this.#beganUs;
    add(this.#recording.samples, place, 1);
    add(this.#recording.sampledUs, place, us);
  }

  key(hash: number): void {
    add(this.#recording.slots, slotOfHash(hash), 1);
  }

  #count(command: PreparedCommand | PsmrError, count: number): void {
    if (command instanceof PsmrError || count === 0) return;
    add(this.#recording.counts, command.place, count);
    if (command.place < NAMED_MAX) this.#executed |= 1 << command.place;
  }
}

function add(values: Float64Array, at: number, amount: number): void {
  values[at] = (values[at] ?? 0) + amount;
}
