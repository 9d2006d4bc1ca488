import type { PartitionMap } from '../classifier/partition-map.js';
import { invariant } from '../errors.js';
import type { SyncRun } from '../ordering/sync-run.js';
import { decodeStored, encodableStored, type Stored } from '../service/values.js';
import type { StreamValues } from './command-runner.js';
import type { ValueSink, ValueSource } from './command-state.js';
import { Run, type RunEnvironment } from './run.js';

/** Commands that declare their keys. */
export class KeyedRun extends Run {
  readonly #gathered: GatheredValues;
  /** Keys that each peer publishes, in the order in which it does. */
  readonly #expected = new Map<number, string[]>();
  readonly #missing: Set<number>;

  constructor(environment: RunEnvironment, run: SyncRun) {
    super(environment, run);
    this.#gathered = new GatheredValues(environment.stream, environment.map, environment.values);
    for (const peer of this.peers) this.#expected.set(peer, []);
    const own = this.#sortKeys();
    this.#publishValues(own);
    this.#missing = new Set(this.gathers ? this.peers : []);
  }

  override advance(): boolean {
    for (const peer of this.#missing) {
      const content = this.receive(peer);
      if (content === null) return false;
      this.#gathered.add(this.#expected.get(peer) ?? [], content);
      this.#missing.delete(peer);
    }
    if (this.gathers) this.environment.runner.guarded(() => this.#execute());
    return true;
  }

  /** Sorts the keys that the run reads by owner; returns this stream's own. Same order at every destination. */
  #sortKeys(): string[] {
    const { map, stream } = this.environment;
    const own: string[] = [];
    const seen = new Set<string>();
    for (const { keys } of this.planned) {
      if (keys === null) continue;
      for (const key of keys.read) {
        if (seen.has(key)) continue;
        seen.add(key);
        const owner = map.streamOf(key);
        if (owner === stream) own.push(key);
        else if (owner !== 0) this.#expected.get(owner)?.push(key);
      }
    }
    return own;
  }

  #publishValues(own: readonly string[]): void {
    const { values } = this.environment;
    const receivers = this.receivers;
    const absent: number[] = [];
    const published: unknown[] = [];
    for (const key of own) {
      const value = values.own.get(key);
      if (value === undefined && !values.own.has(key)) {
        absent.push(published.length);
        published.push(null);
      } else {
        this.#gathered.put(key, value);
        published.push(encodableStored(value));
      }
    }
    if (receivers.length > 0) this.publish([published, absent], receivers);
  }

  #execute(): void {
    const { runner } = this.environment;
    for (const planned of this.planned) {
      const { command, keys } = planned;
      if (command?.readOnly === true && !this.coordinates) continue;
      this.conclude(planned, () => {
        if (command === null || command.keyed === null || keys === null) throw new Error('broken invariant: no plan');
        const gathered = this.#gathered;
        return runner.runKeyed(command, planned.args, keys, gathered, gathered, this.place, planned.position);
      });
    }
  }
}

/** The union of the destinations' values of the declared keys; writes reach the partition where the key is its own. */
class GatheredValues implements ValueSource, ValueSink {
  readonly #values = new Map<string, Stored>();

  constructor(
    private readonly stream: number,
    private readonly map: PartitionMap,
    private readonly local: StreamValues,
  ) {}

  put(key: string, value: Stored): void {
    this.#values.set(key, value);
  }

  add(keys: readonly string[], content: unknown[]): void {
    const [values, absent] = content as [unknown[], number[]];
    invariant(values.length === keys.length, `${keys.length} values were due at a rendezvous, ${values.length} came`);
    const missing = new Set(absent);
    keys.forEach((key, place) => {
      if (!missing.has(place)) this.put(key, decodeStored(values[place]));
    });
  }

  get(key: string): Stored {
    return this.map.streamOf(key) === 0 ? this.local.everywhere.get(key) : this.#values.get(key);
  }

  has(key: string): boolean {
    return this.map.streamOf(key) === 0 ? this.local.everywhere.has(key) : this.#values.has(key);
  }

  set(key: string, value: Stored): void {
    const owner = this.map.streamOf(key);
    if (owner === 0) return this.local.everywhere.set(key, value);
    this.#values.set(key, value);
    if (owner === this.stream) this.local.own.set(key, value);
  }

  delete(key: string): void {
    const owner = this.map.streamOf(key);
    if (owner === 0) return this.local.everywhere.delete(key);
    this.#values.delete(key);
    if (owner === this.stream) this.local.own.delete(key);
  }
}
