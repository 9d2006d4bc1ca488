/**
 * One run of cross-stream commands at one of its destination streams (section 6 of the design). Pure: no clock, no
 * thread; it is told when messages have come.
 *
 *   start     publish this stream's values of the keys that the run reads
 *   gather    take the others' values as they arrive
 *   finish    run the same handlers over the union, in order; keep the writes to own keys
 *
 * One meeting serves the whole run: once the values are there, every destination computes the same writes to them.
 * In a run that only reads, only the coordinator (the lowest destination) gathers; the others publish and go on.
 */
import type { DeclaredKeys } from '../classifier/classify.js';
import type { PartitionMap } from '../classifier/partition-map.js';
import { errorFromWire, invariant, messageOf, PsmrError } from '../errors.js';
import type { SyncRun, SyncRunPart } from '../ordering/sync-run.js';
import type { EveryKeyCommand, KeyedCommand } from '../service/command.js';
import { decodeStored, encodableStored, type Stored } from '../service/values.js';
import { SEGMENT_EVERY_KEY, SEGMENT_READ_ONLY } from '../transport/frames.js';
import { decodeCommandBatch, decodeValue, encodeValue } from './command-batch.js';
import type { CommandRunner, Part, Place, StreamValues } from './command-runner.js';
import type { ValueSink, ValueSource } from './command-state.js';
import type { CommandTable, PreparedCommand } from './command-table.js';
import type { PartitionView } from './partition-view.js';
import { ResultBatch } from './result-batch.js';
import type { StreamPorts } from './stream-ports.js';
import { maskHas, streamsOf } from './stream-set.js';

/** What every run at one stream shares. */
export interface RunEnvironment {
  readonly stream: number;
  readonly map: PartitionMap;
  readonly table: CommandTable;
  readonly runner: CommandRunner;
  readonly values: StreamValues;
  readonly ports: StreamPorts;
}

/** A run in progress. `advance` does what can be done and says whether the run is over. */
export interface RunInProgress {
  advance(): boolean;
  /** The results of each part; filled once the run is over, at its coordinator only. */
  readonly results: readonly ResultBatch[];
  readonly commands: number;
}

interface PlannedCommand {
  readonly part: number;
  readonly position: number;
  readonly args: unknown;
  /** What is wrong with the command itself; then it is not run. */
  readonly error: PsmrError | null;
  readonly command: PreparedCommand | null;
  readonly keys: DeclaredKeys | null;
}

export function beginRun(environment: RunEnvironment, run: SyncRun): RunInProgress {
  return (run.flags & SEGMENT_EVERY_KEY) === 0
    ? new KeyedRun(environment, run)
    : new EveryKeyRun(environment, run);
}

abstract class Run implements RunInProgress {
  readonly results: ResultBatch[];
  readonly commands: number;
  protected readonly peers: readonly number[];
  protected readonly coordinator: number;
  protected readonly coordinates: boolean;
  protected readonly readOnly: boolean;
  protected readonly place: Place;
  protected readonly planned: readonly PlannedCommand[];

  constructor(
    protected readonly environment: RunEnvironment,
    protected readonly run: SyncRun,
  ) {
    const streams = streamsOf(run);
    this.coordinator = streams[0] as number;
    this.coordinates = this.coordinator === environment.stream;
    this.peers = streams.filter((stream) => stream !== environment.stream);
    this.readOnly = (run.flags & SEGMENT_READ_ONLY) !== 0;
    this.place = { group: 0, index: run.index, timestampMs: run.timestampMs };
    this.results = run.parts.map(() => new ResultBatch());
    this.planned = plan(environment, run, this.readOnly);
    this.commands = this.planned.length;
  }

  abstract advance(): boolean;

  protected publish(content: unknown, streams: readonly number[]): void {
    const message = encodeValue([this.run.index, content]);
    for (const stream of streams) this.environment.ports.send(stream, message);
  }

  /** Who publishes to whom: everyone to everyone, or to the coordinator alone. */
  protected get receivers(): readonly number[] {
    if (!this.readOnly) return this.peers;
    return this.coordinates ? [] : [this.coordinator];
  }

  protected get gathers(): boolean {
    return !this.readOnly || this.coordinates;
  }

  /** What another stream published for this run; null: not yet. */
  protected receive(stream: number): unknown[] | null {
    const message = this.environment.ports.receive(stream);
    if (message === null) return null;
    const [index, content] = decodeValue(message) as [number, unknown[]];
    invariant(index === this.run.index, `stream ${stream} met for entry ${index}, this one for ${this.run.index}`);
    return content;
  }

  protected conclude(planned: PlannedCommand, execute: () => unknown): void {
    const results = this.results[planned.part] as ResultBatch;
    try {
      if (planned.error !== null) throw planned.error;
      const value = execute();
      if (this.coordinates) results.succeed(value);
    } catch (error) {
      if (this.coordinates) results.fail(error);
    }
  }
}

/** Commands that declare their keys. */
class KeyedRun extends Run {
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

  get(key: string): Stored | undefined {
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

/**
 * Commands over all keys: a partial per partition, and a merge. A run that only reads meets once for all of its
 * commands; a command that writes meets by itself, as nothing may be written before every part is known to be good.
 */
class EveryKeyRun extends Run {
  readonly #parts = new Map<number, Part[]>();
  #views: PartitionView[] = [];
  #next = 0;
  #published = false;
  #missing = new Set<number>();

  override advance(): boolean {
    while (this.#next < this.planned.length) {
      const until = this.readOnly ? this.planned.length : this.#next + 1;
      if (!this.#published) this.#publishParts(until);
      if (!this.#gather()) return false;
      if (this.gathers) this.environment.runner.guarded(() => this.#merge(until));
      this.#next = until;
      this.#published = false;
    }
    return true;
  }

  #publishParts(until: number): void {
    const { runner, values, stream } = this.environment;
    const parts: Part[] = [];
    this.#views = [];
    runner.guarded(() => {
      for (const { command, args, error, position } of this.planned.slice(this.#next, until)) {
        if (error !== null || command === null || command.everyKey === null) continue;
        const { part, view } = runner.runPartial(command, args, values.own, this.place, position);
        parts.push(part);
        this.#views.push(view);
      }
    });
    const encoded = encodeValue(parts.map(encodePart));
    if (this.receivers.length > 0) this.publish([encoded], this.receivers);
    this.#parts.set(stream, decodeParts(encoded));
    this.#missing = new Set(this.gathers ? this.peers : []);
    this.#published = true;
  }

  #gather(): boolean {
    for (const peer of this.#missing) {
      const content = this.receive(peer);
      if (content === null) return false;
      this.#parts.set(peer, decodeParts(content[0] as Uint8Array));
      this.#missing.delete(peer);
    }
    return true;
  }

  #merge(until: number): void {
    const { runner, values } = this.environment;
    const byStream = [...this.#parts].sort(([a], [b]) => a - b).map(([, parts]) => parts);
    let nth = 0;
    for (const planned of this.planned.slice(this.#next, until)) {
      this.conclude(planned, () => {
        const { command, args, position } = planned;
        if (command === null || command.everyKey === null) throw new Error('broken invariant: no plan');
        const place = nth++;
        const parts = byStream.map((stream) => stream[place] as Part);
        const result = runner.runMerge(command, args, parts, this.place, position);
        this.#views[place]?.commit(values.own);
        return result;
      });
    }
  }
}

type EncodedPart = [ok: true, value: unknown] | [ok: false, code: string, message: string];

function encodePart(part: Part): EncodedPart {
  if (part.ok) return [true, part.value];
  const code = part.error instanceof PsmrError ? part.error.code : 'COMMAND_FAILED';
  return [false, code, messageOf(part.error)];
}

function decodeParts(bytes: Uint8Array): Part[] {
  return (decodeValue(bytes) as EncodedPart[]).map((part) =>
    part[0] ? { ok: true, value: part[1] } : { ok: false, error: errorFromWire(part[1], part[2]) },
  );
}

/** Decodes a run's commands and finds their keys: the same plan, and the same errors, at every destination. */
function plan(environment: RunEnvironment, run: SyncRun, readOnly: boolean): PlannedCommand[] {
  const planned: PlannedCommand[] = [];
  environment.runner.guarded(() => {
    run.parts.forEach((part, place) => planPart(environment, run, part, place, readOnly, planned));
  });
  return planned;
}

function planPart(
  environment: RunEnvironment,
  run: SyncRun,
  part: SyncRunPart,
  place: number,
  readOnly: boolean,
  planned: PlannedCommand[],
): void {
  const everyKey = (run.flags & SEGMENT_EVERY_KEY) !== 0;
  const batch = decodeOrFail(part);
  for (let i = 0; i < part.count; i++) {
    const base = { part: place, position: part.firstPosition + i };
    if (batch instanceof PsmrError) {
      planned.push({ ...base, args: null, error: batch, command: null, keys: null });
      continue;
    }
    const name = batch.names[batch.indexes[i] as number] as string;
    const args = batch.args[i];
    try {
      const command = environment.table.find(name);
      checkSegment(command, everyKey, readOnly);
      const keys = command.keyed === null ? null : environment.runner.keysOf(command, args);
      if (keys !== null) checkDestinations(environment, run, command.name, keys);
      planned.push({ ...base, args, error: null, command, keys });
    } catch (thrown) {
      const error = thrown instanceof PsmrError ? thrown : new PsmrError('INVALID_ARGUMENTS', messageOf(thrown));
      planned.push({ ...base, args, error, command: null, keys: null });
    }
  }
}

function decodeOrFail(part: SyncRunPart): ReturnType<typeof decodeCommandBatch> | PsmrError {
  try {
    return decodeCommandBatch(part.body, part.count);
  } catch (error) {
    if (error instanceof PsmrError) return error;
    throw error;
  }
}

function checkSegment(command: PreparedCommand, everyKey: boolean, readOnly: boolean): void {
  if ((command.everyKey !== null) === everyKey && (command.readOnly || !readOnly)) return;
  throw new PsmrError(
    'BAD_FRAME',
    `Command '${command.name}' stands in a segment whose flags do not fit it. Its client has another version of the service.`,
  );
}

/** A command that was sent to other streams than its keys live in is refused, never run in the wrong place. */
function checkDestinations(environment: RunEnvironment, run: SyncRun, name: string, keys: DeclaredKeys): void {
  const { map } = environment;
  for (const key of keys.read) {
    const owner = map.streamOf(key);
    if (owner !== 0 && !maskHas(run, owner)) throw wrongStream(name, key, owner);
  }
  for (const key of keys.write) {
    const owner = map.streamOf(key);
    const reached = owner === 0 ? streamsOf(run).length === map.streams : maskHas(run, owner);
    if (!reached) throw wrongStream(name, key, owner);
  }
}

export function wrongStream(command: string, key: string, owner: number): PsmrError {
  return new PsmrError(
    'WRONG_STREAM',
    `Command '${command}' was sent to another stream than key '${key}' lives in (${owner === 0 ? 'all' : owner}). ` +
      'Its client has another version of the service or of the partition map.',
  );
}
