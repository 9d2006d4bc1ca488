/** Slots to streams, and the key classes that are placed by name instead of by hash: the tunable half. */
import { PsmrError } from '../errors.js';
import { STREAMS_MAX } from '../transport/frames.js';
import { hashOf, SLOTS, slotOf, slotOfHash } from './slots.js';

/** A key class is the keys with a common prefix. */
export interface ClassPlacement {
  readonly prefix: string;
  /** A stream, 1..K (pin); 0: everywhere; -1: by hash. */
  readonly stream: number;
}

export interface PartitionMapJson {
  readonly names: readonly string[];
  /** The stream of each slot. */
  readonly slots: readonly number[];
  readonly classes: readonly ClassPlacement[];
}

const EVERYWHERE = 0;
const BY_HASH = -1;

export class PartitionMap {
  readonly streams: number;
  readonly names: readonly string[];
  /** A uint32 hash of what the map says: maps that place keys differently differ here (but for one chance in 2^32). */
  readonly epoch: number;
  /** Whether any key is kept in every partition. */
  readonly hasEverywhere: boolean;
  readonly #slots: Uint8Array;
  /** Longest prefix first. */
  readonly #classes: readonly ClassPlacement[];
  readonly #json: PartitionMapJson;

  private constructor(json: PartitionMapJson) {
    this.#json = json;
    this.names = json.names;
    this.streams = json.names.length;
    this.#slots = Uint8Array.from(json.slots);
    this.#classes = [...json.classes].sort((a, b) => b.prefix.length - a.prefix.length);
    this.hasEverywhere = json.classes.some((placed) => placed.stream === EVERYWHERE);
    // Without the names: they place nothing.
    this.epoch = hashOf(JSON.stringify([this.streams, json.slots, json.classes])) >>> 0;
  }

  /** The stream that owns a key, 1..K; 0: the key is kept in every partition. */
  streamOf(key: string): number {
    return this.streamOfHash(key, hashOf(key));
  }

  /** The same, where the key's hash is known. */
  streamOfHash(key: string, hash: number): number {
    for (const { prefix, stream } of this.#classes) {
      if (!key.startsWith(prefix)) continue;
      if (stream === BY_HASH) break;
      return stream;
    }
    // A slot is always in range; the compiler cannot know.
    return this.#slots[slotOfHash(hash)] ?? EVERYWHERE;
  }

  /** The stream of the key's slot, whatever its class. */
  hashedStreamOf(key: string): number {
    return this.#slots[slotOf(key)] ?? EVERYWHERE;
  }

  toJson(): PartitionMapJson {
    return this.#json;
  }

  /** Throws INVALID_CONFIG. */
  static fromJson(json: unknown): PartitionMap {
    if (!isPartitionMapJson(json)) {
      throw new PsmrError('INVALID_CONFIG', 'This is no partition map: it needs names, 1024 slots and classes.');
    }
    // In one form, whatever the order of classes and fields was: equal maps have equal epochs.
    const classes = json.classes
      .map(({ prefix, stream }) => ({ prefix, stream }))
      .sort((a, b) => (a.prefix < b.prefix ? -1 : 1));
    return new PartitionMap({ names: [...json.names], slots: [...json.slots], classes });
  }
}

function isPartitionMapJson(json: unknown): json is PartitionMapJson {
  if (typeof json !== 'object' || json === null) return false;
  const { names, slots, classes } = json as Record<string, unknown>;
  if (!Array.isArray(names) || names.length < 1 || names.length > STREAMS_MAX) return false;
  const isStream = (value: unknown, least: number): boolean =>
    typeof value === 'number' && Number.isInteger(value) && value >= least && value <= names.length;
  return (
    names.every((name) => typeof name === 'string') &&
    Array.isArray(slots) &&
    slots.length === SLOTS &&
    slots.every((stream) => isStream(stream, 1)) &&
    Array.isArray(classes) &&
    classes.every((placed: unknown) => {
      if (typeof placed !== 'object' || placed === null) return false;
      const { prefix, stream } = placed as Record<string, unknown>;
      return typeof prefix === 'string' && isStream(stream, BY_HASH);
    }) &&
    new Set(classes.map(({ prefix }: ClassPlacement) => prefix)).size === classes.length
  );
}
