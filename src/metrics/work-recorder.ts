/** Records what one stream executes. Clocks cost more than light commands do, so not all commands are timed. */
import { slotOfHash } from '../classifier/slots.js';
import { PsmrError } from '../errors.js';
import type { PreparedCommand } from '../execution/command-table.js';
import type { ExecutionRecorder } from '../execution/execution-recorder.js';
import { add, type Recording } from '../memory/recordings.js';
import { Sampler } from './sampler.js';

/** A poll so much longer than its commands ordinarily take is told of, at most so often. */
const SLOW_US = 50_000;
const ORDINARY_US = 20;
const SLOW_INTERVAL_US = 250_000;

/** Bits of a word: commands beyond these are counted, but not named where they are slow. */
const TOLD_APART = 31;

/** `commands`: executed one after another in this time, some or all of them slow; `names`: which are among them. */
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
  /** In this poll: commands, and a bit for each that is among them. */
  #polled = 0;
  #polledPlaces = 0;
  readonly #named: PreparedCommand[] = [];

  constructor(recording: Recorded, nowUs: () => number, slow: SlowReport) {
    this.#recording = recording;
    this.#nowUs = nowUs;
    this.#slow = slow;
  }

  /** A poll is over. What it executed has no clock of its own. */
  polled(fromUs: number, untilUs: number): void {
    if (this.#polled === 0) return;
    const us = untilUs - fromUs;
    if (us - this.#polled * ORDINARY_US > SLOW_US && untilUs > this.#nextSlowUs) {
      this.#nextSlowUs = untilUs + SLOW_INTERVAL_US;
      this.#tell(us);
    }
    this.#polled = 0;
    this.#polledPlaces = 0;
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

  begin(): void {
    this.samples.chosen();
    this.#beganUs = this.#nowUs();
  }

  end({ place }: PreparedCommand): void {
    add(this.#recording.samples, place, 1);
    add(this.#recording.sampledUs, place, this.#nowUs() - this.#beganUs);
  }

  key(hash: number): void {
    add(this.#recording.slots, slotOfHash(hash), 1);
  }

  #count(command: PreparedCommand | PsmrError, count: number): void {
    if (command instanceof PsmrError || count === 0) return;
    const { place } = command;
    add(this.#recording.counts, place, count);
    this.#polled += count;
    if (place >= TOLD_APART) return;
    this.#named[place] = command;
    this.#polledPlaces |= 1 << place;
  }

  #tell(us: number): void {
    const among = this.#named.filter(({ place }) => (this.#polledPlaces & (1 << place)) !== 0);
    this.#slow(
      among.map(({ name }) => name),
      this.#polled,
      us,
    );
  }
}
