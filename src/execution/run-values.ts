import { invariant, PsmrError } from '../errors.js';
import type { PartitionMap } from '../classifier/partition-map.js';
import { sizeOf } from '../service/value-size.js';
import { decodeStored, encodableStored, EncodedValue, type Stored } from '../service/values.js';
import type { StreamValues } from './command-runner.js';
import { readValues, splitValues } from './short-texts.js';
import type { ValueSink, ValueSource } from './command-state.js';

/**
 * What one command may read in one stream if it touches several: 256 MiB. Other alphabets take up to three times as much
 * in MessagePack, which ends at 4 GiB.
 */
const COMMAND_READS_BYTES_MAX = 256 << 20;

/** One key of a run: whose it is, and its value as the run goes on. */
interface Cell {
  readonly key: string;
  /** The stream that owns the key; 0: it is placed everywhere. */
  readonly owner: number;
  /** Some command of the run reads the key, so its owner publishes the value. */
  read: boolean;
  /** The place in the run of the first command that reads it. */
  firstRead: number;
  value: Stored;
  present: boolean;
}

/**
 * What one destination publishes: values of its own keys in the order in which the run first reads them, which of them
 * are absent, and the place in the run up to which its values go. Of the command at `from` it is more than one command
 * may read where that is all.
 */
export type PublishedValues = readonly [values: readonly unknown[], absent: readonly number[], until: number];

/** As it goes to other streams: the values' short texts apart. */
export function onTheWay([values, absent, until]: PublishedValues): readonly unknown[] {
  const split = splitValues(values);
  return [split.values, absent, until, ...split.short];
}

export function arrived([listed, absent, until, ...short]: readonly unknown[]): PublishedValues {
  const values = readValues([listed, ...short]);
  if (values === null) throw new Error('broken invariant: the values that another stream published are no list');
  return [values, absent as readonly number[], until as number];
}

/**
 * The union of the destinations' values of the keys that a run's commands declare. Keys are in the order in which the
 * run first reads them, the same at every destination: so values are published without their keys. A write reaches the
 * partition too where the key is this stream's own (or everywhere).
 */
export class RunValues implements ValueSource, ValueSink {
  readonly #stream: number;
  readonly #map: PartitionMap;
  readonly #local: StreamValues;
  readonly #cells = new Map<string, Cell>();
  /** Those that are read, in the order of their first reads. */
  readonly #reads: Cell[] = [];

  constructor(stream: number, map: PartitionMap, local: StreamValues) {
    this.#stream = stream;
    this.#map = map;
    this.#local = local;
  }

  /** Adds a key that the command at `place` of the run declares; returns its owner. Places never fall. */
  declare(key: string, read: boolean, place: number): number {
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      cell = { key, owner: this.#map.streamOf(key), read: false, firstRead: 0, value: undefined, present: false };
      this.#cells.set(key, cell);
    }
    if (read && !cell.read) {
      cell.read = true;
      cell.firstRead = place;
      this.#reads.push(cell);
    }
    return cell.owner;
  }

  /**
   * Takes this stream's own values (and those placed everywhere) from its partition; returns what others need: for the
   * commands from `from` up to `to`, or for as many of them as `bytesMax` allow, but for one in any case.
   */
  takeOwn(from: number, to: number, bytesMax: number): PublishedValues {
    const values: unknown[] = [];
    const absent: number[] = [];
    let bytes = 0;
    for (const cell of this.#reads) {
      const { key } = cell;
      if (cell.owner === this.#stream) {
        const { own } = this.#local;
        cell.value = own.get(key);
        cell.present = cell.value !== undefined || own.has(key);
        bytes += storedSize(cell.value);
        if (cell.firstRead > from && bytes > bytesMax) return [values, absent, cell.firstRead];
        if (bytes > COMMAND_READS_BYTES_MAX) return [[], [], from];
        if (!cell.present) absent.push(values.length);
        values.push(cell.present ? encodableStored(cell.value) : null);
      } else if (cell.owner === 0) {
        const { everywhere } = this.#local;
        cell.value = everywhere.get(key);
        cell.present = everywhere.has(key);
      }
    }
    return [values, absent, to];
  }

  /** Takes what another destination published. */
  takeFrom(stream: number, [values, absent, until]: PublishedValues): void {
    const missing = absent.length === 0 ? null : new Set(absent);
    let place = 0;
    for (const cell of this.#reads) {
      if (cell.owner !== stream) continue;
      if (place === values.length) {
        invariant(cell.firstRead >= until, `a value of stream ${stream} is missing that is read before ${until}`);
        break;
      }
      cell.present = missing === null || !missing.has(place);
      if (cell.present) cell.value = decodeStored(values[place]);
      place++;
    }
    invariant(place === values.length, `${values.length} values came from stream ${stream}, ${place} were due`);
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

function storedSize(value: Stored): number {
  if (typeof value === 'number') return 9;
  return value instanceof EncodedValue ? value.bytes.byteLength : sizeOf(value);
}

export function readsTooMuch(command: string): PsmrError {
  return new PsmrError(
    'VALUE_NOT_ENCODABLE',
    `The keys that command '${command}' reads hold more than ${COMMAND_READS_BYTES_MAX} bytes in one of its streams: too much ` +
      'to exchange. Read fewer of them at a time, or pin them to one stream.',
  );
}
