/**
 * Runs commands one by one against a source of values: the single place where a handler is called. A handler that
 * throws is a result (invariant I7): its writes are dropped and its error is the reply, the same on every replica.
 */
import { readKeys, type DeclaredKeys } from '../classifier/classify.js';
import type { PartitionMap } from '../classifier/partition-map.js';
import { PsmrError } from '../errors.js';
import type { EveryKeyCommand, KeyedCommand } from '../service/command.js';
import type { DeterminismGuard } from '../service/determinism-guard.js';
import { ignoreRejection, isThenable } from '../service/promises.js';
import { checkSize } from '../service/value-size.js';
import { checkResult, type Stored } from '../service/values.js';
import { decodeValue, encodeValue } from './command-batch.js';
import type { EventRing } from './event-ring.js';
import { PlacedContext } from './command-context.js';
import { CommandState, type ValueSink, type ValueSource } from './command-state.js';
import type { PreparedCommand } from './command-table.js';
import { PartitionStore } from './partition-store.js';
import { PartitionView } from './partition-view.js';

/** Where a batch stands in the log. */
export interface Place {
  readonly group: number;
  readonly index: number;
  readonly timestampMs: number;
}

/** The part of an every-key command that one partition contributes. */
export type Part = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown };

/** A partition's own keys, and its copy of the keys that are placed everywhere. */
export class StreamValues implements ValueSource, ValueSink {
  readonly own = new PartitionStore();
  readonly everywhere = new PartitionStore();
  readonly #map: PartitionMap;

  constructor(map: PartitionMap) {
    this.#map = map;
  }

  get(key: string, hash: number): Stored {
    return this.#storeOf(key, hash).get(key, hash);
  }

  has(key: string, hash: number): boolean {
    return this.#storeOf(key, hash).has(key, hash);
  }

  set(key: string, value: Stored, hash: number): void {
    this.#storeOf(key, hash).set(key, value, hash);
  }

  delete(key: string, hash: number): void {
    this.#storeOf(key, hash).delete(key, hash);
  }

  #storeOf(key: string, hash: number): PartitionStore {
    return this.#map.hasEverywhere && this.#map.streamOfHash(key, hash) === 0 ? this.everywhere : this.own;
  }
}

export class CommandRunner {
  readonly #state = new CommandState();
  readonly #context = new PlacedContext();
  readonly #guard: DeterminismGuard;
  readonly #map: PartitionMap;
  readonly #stream: number;
  readonly #events: EventRing | null;

  /** `events`: where commands publish; null: nobody listens. */
  constructor(map: PartitionMap, stream: number, guard: DeterminismGuard, events: EventRing | null) {
    this.#map = map;
    this.#stream = stream;
    this.#guard = guard;
    this.#events = events;
  }

  /** Runs `work` with the determinism guard up; handlers may be called only inside. */
  guarded(work: () => void): void {
    this.#guard.active = true;
    try {
      work();
    } finally {
      this.#guard.active = false;
    }
  }

  /** The keys of a command, checked; a key function is the user's code too. */
  keysOf(command: PreparedCommand & { keyed: KeyedCommand }, args: unknown): DeclaredKeys {
    this.#guard.command = command.name;
    return readKeys(command.name, command.keyed, args);
  }

  /**
   * Runs one keyed command and hands its writes to the sink; throws what the handler throws. `hashes`: of the keys it may
   * read, from `firstHash` on.
   */
  runKeyed(
    command: PreparedCommand & { keyed: KeyedCommand },
    args: unknown,
    keys: DeclaredKeys,
    hashes: readonly number[],
    firstHash: number,
    values: ValueSource & ValueSink,
    place: Place,
    position: number,
  ): unknown {
    this.#guard.command = command.name;
    this.#context.moveTo(place.group, place.index, position, place.timestampMs);
    this.#state.begin(command.name, values, keys, hashes, firstHash);
    try {
      const result = this.#checked(command.name, command.keyed.execute(this.#state, args, this.#context));
      this.#state.commit(values);
      if (this.#state.events.length > 0) this.#publish(this.#state.events, place);
      return result;
    } finally {
      this.#state.end();
    }
  }

  /** This partition's part of an every-key command. The view's writes are the caller's to commit. */
  runPartial(
    command: PreparedCommand & { everyKey: EveryKeyCommand },
    args: unknown,
    store: PartitionStore,
    place: Place,
    position: number,
  ): { part: Part; view: PartitionView } {
    const view = new PartitionView(
      command.name,
      store,
      command.readOnly,
      (key) => this.#map.streamOf(key) === this.#stream,
    );
    this.#guard.command = command.name;
    this.#context.moveTo(place.group, place.index, position, place.timestampMs);
    try {
      // A partial that changed its arguments, by what it found, would make `merge` differ from stream to stream.
      const own = decodeValue(encodeValue(args));
      const value = this.#checked(command.name, command.everyKey.partial(view, own, this.#context));
      return { part: { ok: true, value }, view };
    } catch (error) {
      return { part: { ok: false, error }, view };
    } finally {
      view.end();
    }
  }

  /** Merges the parts, by stream; throws the first part's error, or what `merge` throws. */
  runMerge(
    command: PreparedCommand & { everyKey: EveryKeyCommand },
    args: unknown,
    parts: readonly Part[],
    place: Place,
    position: number,
  ): unknown {
    const values = parts.map((part) => {
      if (!part.ok) throw part.error;
      return part.value;
    });
    this.#guard.command = command.name;
    this.#context.moveTo(place.group, place.index, position, place.timestampMs);
    return this.#checked(command.name, command.everyKey.merge(values, args, this.#context));
  }

  /** An every-key command where one stream is all there is. */
  runWhole(
    command: PreparedCommand & { everyKey: EveryKeyCommand },
    args: unknown,
    store: PartitionStore,
    place: Place,
    position: number,
  ): unknown {
    const { part, view } = this.runPartial(command, args, store, place, position);
    const result = this.runMerge(command, args, [copyOf(part)], place, position);
    this.commitView(view, store, place);
    return result;
  }

  /** All parts are good: what this one has written and published counts. */
  commitView(view: PartitionView, store: PartitionStore, place: Place): void {
    view.commit(store);
    if (view.events.length > 0) this.#publish(view.events, place);
  }

  /** All destinations compute the same; each publishes what belongs to its own keys, so the order per key is one. */
  #publish(events: readonly (readonly [key: string, value: Stored])[], { timestampMs }: Place): void {
    for (const [key, value] of events) {
      const owner = this.#map.streamOf(key) || this.#map.hashedStreamOf(key);
      if (owner === this.#stream) this.#events?.append(key, value, timestampMs);
    }
  }

  #checked(command: string, result: unknown): unknown {
    if (isThenable(result)) {
      ignoreRejection(result);
      throw new PsmrError(
        'NOT_DETERMINISTIC',
        `Command '${command}' returned a promise. Handlers are synchronous: compute the result from state and arguments.`,
      );
    }
    if (typeof result !== 'string') return checkResult(result);
    // A look at the content of a string that is only passed on would cost a cache miss per command.
    checkSize(result);
    return result;
  }
}

/** A part as another thread would read it: merge sees the same with one stream as with many. */
function copyOf(part: Part): Part {
  return part.ok ? { ok: true, value: decodeValue(encodeValue(part.value)) } : part;
}
