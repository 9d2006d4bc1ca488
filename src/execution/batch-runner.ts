import type { DeclaredKeys } from '../classifier/classify.js';
import type { PartitionMap } from '../classifier/partition-map.js';
import { hashOf } from '../classifier/slots.js';
import { PsmrError } from '../errors.js';
import type { CommandBatch } from './command-batch.js';
import type { CommandRunner, Place, StreamValues } from './command-runner.js';
import type { CommandTable, PreparedCommand } from './command-table.js';
import type { ExecutionRecorder } from './execution-recorder.js';
import type { ResultBatch } from './result-batch.js';
import { wrongStream } from './run-plan.js';

/** Few enough that what is fetched for them all is still in the nearest cache when the last one runs. */
const PREPARED_AT_ONCE = 128;

const NO_KEYS: DeclaredKeys = { read: [], write: [] };

/**
 * Runs the commands of a batch one after another, and makes them ready some at a time: command, keys, hashes of the keys.
 * Then their lookups in the partition wait for memory together and not one after another.
 */
export class BatchRunner {
  readonly #stream: number;
  readonly #map: PartitionMap;
  readonly #table: CommandTable;
  readonly #runner: CommandRunner;
  readonly #values: StreamValues;
  readonly #recorder: ExecutionRecorder | null;
  readonly #commands: (PreparedCommand | null)[] = [];
  /** Of the batch, by the place of their names; the error where there is no such command. */
  #named: (PreparedCommand | PsmrError)[] = [];
  readonly #keys: DeclaredKeys[] = [];
  /** Of the keys that commands may read; a command's begin at #firstHash. */
  readonly #hashes: number[] = [];
  readonly #firstHash: number[] = [];
  /** Why a command cannot run. */
  readonly #errors: unknown[] = [];

  constructor(
    stream: number,
    map: PartitionMap,
    table: CommandTable,
    runner: CommandRunner,
    values: StreamValues,
    recorder: ExecutionRecorder | null = null,
  ) {
    this.#stream = stream;
    this.#map = map;
    this.#table = table;
    this.#runner = runner;
    this.#values = values;
    this.#recorder = recorder;
  }

  /** `position`: of the first command in its entry. With `readsOnly`, commands that may write are refused. */
  run(batch: CommandBatch, place: Place, position: number, results: ResultBatch, readsOnly: boolean): void {
    const { args } = batch;
    this.#named = batch.names.map((name) => this.#table.findOrError(name));
    this.#recorder?.batch(this.#named, batch.indexes);
    this.#runner.guarded(() => {
      for (let from = 0; from < args.length; from += PREPARED_AT_ONCE) {
        const until = Math.min(args.length, from + PREPARED_AT_ONCE);
        this.#prepare(batch, from, until);
        const recorder = this.#recorder;
        let sampleAt = recorder === null ? Infinity : from + recorder.samples.skip;
        for (let at = from; at < until; at++) {
          if (at === sampleAt) recorder?.begin();
          try {
            results.succeed(this.#runOne(at - from, args[at], place, position + at, readsOnly));
          } catch (error) {
            results.fail(error);
          }
          if (at !== sampleAt || recorder === null) continue;
          this.#sampled(recorder, at - from);
          sampleAt += 1 + recorder.samples.skip;
        }
        if (recorder !== null) recorder.samples.skip = sampleAt - until;
      }
    });
  }

  #sampled(recorder: ExecutionRecorder, at: number): void {
    const command = this.#commands[at] ?? null;
    if (command === null) return;
    recorder.end(command);
    const end = this.#firstHash[at + 1] as number;
    for (let hash = this.#firstHash[at] as number; hash < end; hash++) recorder.key(this.#hashes[hash] as number);
    if (command.keyed === null) return;
    const { read, write } = this.#keys[at] as DeclaredKeys;
    if (write !== read) for (const key of write) if (!read.includes(key)) recorder.key(hashOf(key));
  }

  #runOne(at: number, args: unknown, place: Place, position: number, readsOnly: boolean): unknown {
    const command = this.#commands[at] ?? null;
    if (command === null) throw this.#errors[at];
    if (readsOnly && !command.readOnly) throw notReadOnly(command.name);
    const values = this.#values;
    if (command.keyed === null) return this.#runner.runWhole(command, args, values.own, place, position);
    const keys = this.#keys[at] as DeclaredKeys;
    const firstHash = this.#firstHash[at] as number;
    return this.#runner.runKeyed(command, args, keys, this.#hashes, firstHash, values, place, position);
  }

  /** Commands [from, until) of a batch become ours from 0 on. */
  #prepare(batch: CommandBatch, from: number, until: number): void {
    const { indexes, args } = batch;
    this.#hashes.length = 0;
    for (let at = from; at < until; at++) {
      const place = at - from;
      this.#firstHash[place] = this.#hashes.length;
      try {
        const command = this.#named[indexes[at] as number] as PreparedCommand | PsmrError;
        if (command instanceof PsmrError) throw command;
        this.#keys[place] = this.#keysOf(command, args[at]);
        this.#commands[place] = command;
      } catch (error) {
        this.#commands[place] = null;
        this.#errors[place] = error;
      }
    }
    this.#firstHash[until - from] = this.#hashes.length;
    this.#values.own.prefetch(this.#hashes);
  }

  #keysOf(command: PreparedCommand, args: unknown): DeclaredKeys {
    const { streams, hasEverywhere } = this.#map;
    if (command.keyed === null) {
      if (streams > 1) throw wrongStream(command.name, '*', 0);
      return NO_KEYS;
    }
    const keys = this.#runner.keysOf(command, args);
    for (const key of keys.read) {
      const hash = hashOf(key);
      this.#hashes.push(hash);
      if (streams > 1) this.#checkOwned(command.name, key, hash, true);
    }
    if (streams > 1 && (keys.write !== keys.read || hasEverywhere)) {
      for (const key of keys.write) this.#checkOwned(command.name, key, hashOf(key), false);
    }
    return keys;
  }

  /** Keys placed everywhere may be read here, but not written: that takes all streams. */
  #checkOwned(command: string, key: string, hash: number, reads: boolean): void {
    const owner = this.#map.streamOfHash(key, hash);
    if (owner !== this.#stream && !(reads && owner === 0)) throw wrongStream(command, key, owner);
  }
}

function notReadOnly(command: string): PsmrError {
  return new PsmrError('READ_ONLY', `Command '${command}' is not readOnly: it cannot travel in a read-only frame.`);
}
