/**
 * The body of a segment: MessagePack `[names, indexes, arguments]`. Names stand once per batch, so that a logged
 * batch needs no table from elsewhere to be read, and stays readable when the service gains commands.
 * `indexes` is binary (one byte each) up to 256 names and an array of integers beyond.
 */
import { Packr, Unpackr } from 'msgpackr';
import { badFrame } from '../transport/frames.js';

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
// Where there are Buffers, msgpackr writes nothing else as MessagePack's own binary type.
const binary = (values: readonly number[]): Uint8Array =>
  typeof Buffer === 'undefined' ? Uint8Array.from(values) : Buffer.from(values);

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
  return packr.pack([names, names.length <= 256 ? binary(indexes) : indexes, args]);
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
  if (!Array.isArray(batch) || batch.length !== 3) throw badFrame('a segment is not [names, indexes, arguments]');
  const [names, indexes, args] = batch as unknown[];
  if (!Array.isArray(names) || !names.every((name): name is string => typeof name === 'string'))
    throw badFrame("a segment's names are not strings");
  if (!isIndexes(indexes, names.length) || indexes.length !== count) throw badFrame("a segment's indexes do not fit");
  if (!Array.isArray(args) || args.length !== count) throw badFrame("a segment's arguments do not fit its count");
  return { names, indexes, args: args as readonly unknown[] };
}
