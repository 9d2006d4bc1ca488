import { invariant } from '../errors.js';
import type { PartitionMap } from '../classifier/partition-map.js';
import { decodeStored, encodableStored, type Stored } from '../service/values.js';
import type { StreamValues } from './command-runner.js';
import type { ValueSink, ValueSource } from './command-state.js';

/** One key of a run: whose it is, and its value as the run goes on. */
interface Cell {
  /** The stream that owns the key; 0: it is placed everywhere. */
  readonly owner: number;
  /** Some command of the run reads the key, so its owner publishes the value. */
  read: boolean;
  value: Stored;
  present: boolean;
}

/** What one destination publishes: values of its own keys in the order of the run, and which of them are absent. */
export type PublishedValues = readonly [values: readonly unknown[], absent: readonly number[]];

/**
 * The union of the destinations' values of the keys that a run declares. Cells stand in the order in which the run
 * names the keys, the same at every destination: so values are published without their keys. A write reaches the
 * partition too where the key is this stream's own (or everywhere).
 */
export class RunValues implements ValueSource, ValueSink {
  readonly #stream: number;
  readonly #map: PartitionMap;
  readonly #local: StreamValues;
  readonly #cells = new Map<string, Cell>();

  constructor(stream: number, map: PartitionMap, local: StreamValues) {
    this.#stream = stream;
    this.#map = map;
    this.#local = local;
  }

  /** Adds a key that the run declares; returns its owner. */
  declare(key: string, read: boolean): number {
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      cell = { owner: this.#map.streamOf(key), read, value: undefined, present: false };
      this.#cells.set(key, cell);
    } else if (read) {
      cell.read = true;
    }
    return cell.owner;
  }

  /** Takes this stream's own values (and those placed everywhere) from its partition; returns what others need. */
  takeOwn(): PublishedValues {
    const values: unknown[] = [];
    const absent: number[] = [];
    for (const [key, cell] of this.#cells) {
      if (!cell.read) continue;
      if (cell.owner === this.#stream) {
        const { own } = this.#local;
        cell.value = own.get(key);
        cell.present = cell.value !== undefined || own.has(key);
        if (!cell.present) absent.push(values.length);
        values.push(cell.present ? encodableStored(cell.value) : null);
      } else if (cell.owner === 0) {
        const { everywhere } = this.#local;
        cell.value = everywhere.get(key);
        cell.present = everywhere.has(key);
      }
    }
    return [values, absent];
  }

  /** Takes what another destination published. */
  takeFrom(stream: number, [values, absent]: PublishedValues): void {
    const missing = absent.length === 0 ? null : new Set(absent);
    let place = 0;
    for (const cell of this.#cells.values()) {
      if (cell.owner !== stream || !cell.read) continue;
      cell.present = missing === null || !missing.has(place);
      if (cell.present) cell.value = decodeStored(values[place]);
      place++;
    }
    invariant(place === values.length, `${place} values were due from stream ${stream}, ${values.length} came`);
  }

  get(key: string): Stored {
    return this.#cells.get(key)?.value;
  }

  has(key: string): boolean {
    return this.#cells.get(key)?.present === true;
  }

  set(key: string, value: Stored, hash: number): void {
    const cell = this.#cell(key);
    cell.value = value;
    cell.present = true;
    if (cell.owner === this.#stream) this.#local.own.set(key, value, hash);
    else if (cell.owner === 0) this.#local.everywhere.set(key, value, hash);
  }

  delete(key: string, hash: number): void {
    const cell = this.#cell(key);
    cell.value = undefined;
    cell.present = false;
    if (cell.owner === this.#stream) this.#local.own.delete(key, hash);
    else if (cell.owner === 0) this.#local.everywhere.delete(key, hash);
  }

  #cell(key: string): Cell {
    const cell = this.#cells.get(key);
    if (cell === undefined) throw new Error(`broken invariant: key '${key}' was written, but is in no command's keys`);
    return cell;
  }
}
