import { sampleOf } from './execution-recorder.js';
import { hashOf } from '../classifier/slots.js';
import type { SyncRun } from '../ordering/sync-run.js';
import type { ResultBatch } from './result-batch.js';
import type { PlannedCommand } from './run-plan.js';
import { Run, type RunEnvironment } from './run.js';
import { wrongStream } from './run-plan.js';
import { arrived, onTheWay, readsTooMuch, RunValues } from './run-values.js';
import { maskHas } from './stream-set.js';

/**
 * Commands that declare their keys. Where their values are many, they are exchanged in rounds: each stream says how far
 * in the run its values go, and all go on to the lowest such place, which follows from the log and the state alone.
 */
export class KeyedRun extends Run {
  #values: RunValues;
  #missing = new Set<number>();
  /** The first command of this round, and the one behind its last, as far as is known. */
  #next = 0;
  #until = 0;

  constructor(environment: RunEnvironment, run: SyncRun) {
    super(environment, run);
    this.#values = this.#beginRound();
  }

  override advance(): boolean {
    for (;;) {
      if (!this.#gather()) return false;
      if (this.#until === this.#next) this.#refuseNext();
      if (this.executes) this.environment.runner.guarded(() => this.#execute());
      this.#next = this.#until;
      if (this.#next === this.planned.length) return true;
      this.#values = this.#beginRound();
    }
  }

  #beginRound(): RunValues {
    const { stream, map, values: local, exchangeBytes } = this.environment;
    const values = new RunValues(stream, map, local);
    for (let place = this.#next; place < this.planned.length; place++) this.#declareKeys(values, place);
    const published = values.takeOwn(this.#next, this.planned.length, exchangeBytes);
    this.#until = published[2];
    this.publish(onTheWay(published), onTheWay([[], [], this.#until]));
    this.#missing = new Set(this.peers);
    return values;
  }

  #gather(): boolean {
    for (const peer of this.#missing) {
      const content = this.receive(peer);
      if (content === null) return false;
      const published = arrived(content);
      this.#until = Math.min(this.#until, published[2]);
      if (this.executes) this.#values.takeFrom(peer, published);
      this.#missing.delete(peer);
    }
    return true;
  }

  /** One of the streams holds more for the next command than it can give to the others. */
  #refuseNext(): void {
    const planned = this.planned[this.#until++];
    if (planned !== undefined) planned.error ??= readsTooMuch(planned.command?.name ?? '');
  }

  /** A command that was sent to other streams than its keys live in is refused, never run in the wrong place. */
  #declareKeys(values: RunValues, place: number): void {
    const planned = this.planned[place] as PlannedCommand;
    const { keys, command } = planned;
    if (keys === null || command === null) return;
    for (const key of keys.read) {
      const owner = values.declare(key, true, place);
      if (owner !== 0 && !maskHas(this.run, owner)) planned.error ??= wrongStream(command.name, key, owner);
    }
    // A key placed everywhere is written everywhere; where the two lists are one, reads have been looked at above.
    if (keys.write === keys.read && !this.environment.map.hasEverywhere) return;
    for (const key of keys.write) {
      const owner = values.declare(key, false, place);
      const reached = owner === 0 ? this.peers.length + 1 === this.environment.map.streams : maskHas(this.run, owner);
      if (!reached) planned.error ??= wrongStream(command.name, key, owner);
    }
  }

  #execute(): void {
    for (let place = this.#next; place < this.#until; place++) {
      const planned = this.planned[place] as PlannedCommand;
      if (!this.coordinates && planned.command?.readOnly === true) continue;
      const results = this.results[planned.part] as ResultBatch;
      try {
        const value = this.#executeOne(planned);
        if (this.coordinates) results.succeed(value);
      } catch (error) {
        if (this.coordinates) results.fail(error);
      }
    }
  }

  #executeOne({ command, keys, args, position, error }: PlannedCommand): unknown {
    if (error !== null) throw error;
    if (command === null || command.keyed === null || keys === null) throw new Error('broken invariant: no plan');
    const values = this.#values;
    const { runner } = this.environment;
    // Each is recorded by its coordinator only.
    const recorder = this.coordinates ? this.environment.recorder : null;
    const sample = sampleOf(recorder);
    // Values gathered at a rendezvous are few, and looked up by the key itself.
    const hashes = keys.read.map(hashOf);
    recorder?.crossCommand(command);
    sample?.begin();
    try {
      return runner.runKeyed(command, args, keys, hashes, 0, values, this.place, position);
    } finally {
      sample?.end(command);
      if (sample !== null) for (const hash of hashes) sample.key(hash);
    }
  }
}
