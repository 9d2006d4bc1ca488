/**
 * The body of a segment: MessagePack `[kinds, indexes, values]`, or five elements where short texts stand apart from the
 * other values (short-texts.ts). A kind is a command's name, alone or with the names of its arguments' properties
 * (argument-rows.ts). Names stand once per batch, so that a logged batch needs no table from elsewhere to be read, and
 * stays readable when the service gains commands. `indexes` is binary (one byte each) up to 256 kinds and an array of
 * integers beyond.
 */
import { Packr, Unpackr } from 'msgpackr';
import { badFrame } from '../transport/frames.js';
import { ArgumentRows, readArguments, readKinds } from './argument-rows.js';
import { binary, readValues, splitValues } from './short-texts.js';

export interface CommandBatch {
  readonly names: readonly string[];
  /** indexes[i] is the place in `names` of the i-th command's name. */
  readonly indexes: ArrayLike<number>;
  readonly args: readonly unknown[];
}

// Plain maps, no records: a batch must be readable by any MessagePack library and without state of a connection.
// moreTypes: sets, errors and typed arrays come back as what they were. copyBuffers: decoded bytes are the reader's
// own, and no handler can change a log through them.
const OPTIONS = { useRecords: false, mapsAsObjects: true, moreTypes: true, copyBuffers: true } as const;
const packr = new Packr({
  ...OPTIONS,
  // Left alone, msgpackr writes nothing where a function stands.
  writeFunction: () => {
    throw new TypeError('a function cannot be encoded');
  },
});
const unpackr = new Unpackr(OPTIONS);
/** MessagePack of any value that a service may use. Throws where msgpackr cannot encode it. */
export function encodeValue(value: unknown): Uint8Array {
  return packr.pack(value);
}

export function decodeValue(bytes: Uint8Array): unknown {
  return unpackr.unpack(plainBytes(bytes));
}

/** Decoded bytes are of the class of their source: a Buffer here and a Uint8Array there would make replicas differ. */
function plainBytes(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function encodeCommandBatch(
  names: readonly string[],
  indexes: readonly number[],
  args: readonly unknown[],
): Uint8Array {
  const rows = new ArgumentRows(names);
  for (let at = 0; at < args.length; at++) rows.add(indexes[at] as number, args[at]);
  const indexesOfKinds = rows.kinds.length <= 256 ? bytesOf(rows.indexes) : rows.indexes;
  const { values, short } = splitValues(rows.values);
  return packr.pack([rows.kinds, indexesOfKinds, values, ...short]);
}

function bytesOf(values: readonly number[]): Uint8Array {
  const bytes = binary(values.length);
  bytes.set(values);
  return bytes;
}

function isIndexes(value: unknown, names: number): value is ArrayLike<number> {
  if (!(value instanceof Uint8Array) && !Array.isArray(value)) return false;
  for (let i = 0; i < value.length; i++) {
    const index: unknown = value[i];
    if (typeof index !== 'number' || !Number.isInteger(index) || index < 0 || index >= names) return false;
  }
  return true;
}

/** Reads and checks a body of `count` commands. Throws BAD_FRAME. */
export function decodeCommandBatch(body: Uint8Array, count: number): CommandBatch {
  let batch: unknown;
  try {
    batch = decodeValue(body);
  } catch {
    throw badFrame('a segment is not valid MessagePack');
  }
  if (!Array.isArray(batch) || (batch.length !== 3 && batch.length !== 5))
    throw badFrame('a segment is not [kinds, indexes, values], nor these with slots and text');
  const [kinds, indexes, ...list] = batch as unknown[];
  const read = Array.isArray(kinds) ? readKinds(kinds) : null;
  if (read === null) throw badFrame("a segment's kinds are not names of commands");
  if (!isIndexes(indexes, read.length) || indexes.length !== count) throw badFrame("a segment's indexes do not fit");
  const values = readValues(list);
  const args = values === null ? null : readArguments(read, indexes, values);
  if (args === null) throw badFrame("a segment's values do not fit its commands");
  return { names: read.map(({ name }) => name), indexes, args };
}
