import { sampleOf } from './execution-recorder.js';
import { hashOf } from '../classifier/slots.js';
import type { SyncRun } from '../ordering/sync-run.js';
import type { ResultBatch } from './result-batch.js';
import type { PlannedCommand } from './run-plan.js';
import { Run, type RunEnvironment } from './run.js';
import { wrongStream } from './run-plan.js';
import { RunValues, type PublishedValues } from './run-values.js';
import { maskHas } from './stream-set.js';

/** Commands that declare their keys. */
export class KeyedRun extends Run {
  readonly #values: RunValues;
  readonly #missing: Set<number>;

  constructor(environment: RunEnvironment, run: SyncRun) {
    super(environment, run);
    this.#values = new RunValues(environment.stream, environment.map, environment.values);
    for (const planned of this.planned) this.#declareKeys(planned);
    this.publish(this.#values.takeOwn());
    this.#missing = new Set(this.peers);
  }

  override advance(): boolean {
    for (const peer of this.#missing) {
      const published = this.receive(peer);
      if (published === null) return false;
      if (this.executes) this.#values.takeFrom(peer, published as unknown as PublishedValues);
      this.#missing.delete(peer);
    }
    if (this.executes) this.environment.runner.guarded(() => this.#execute());
    return true;
  }

  /** A command that was sent to other streams than its keys live in is refused, never run in the wrong place. */
  #declareKeys(planned: PlannedCommand): void {
    const { keys, command } = planned;
    if (keys === null || command === null) return;
    for (const key of keys.read) {
      const owner = this.#values.declare(key, true);
      if (owner !== 0 && !maskHas(this.run, owner)) planned.error ??= wrongStream(command.name, key, owner);
    }
    // A key placed everywhere is written everywhere; where the two lists are one, reads have been looked at above.
    if (keys.write === keys.read && !this.environment.map.hasEverywhere) return;
    for (const key of keys.write) {
      const owner = this.#values.declare(key, false);
      const reached = owner === 0 ? this.peers.length + 1 === this.environment.map.streams : maskHas(this.run, owner);
      if (!reached) planned.error ??= wrongStream(command.name, key, owner);
    }
  }

  #execute(): void {
    for (const planned of this.planned) {
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
