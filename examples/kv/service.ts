/**
 * A key-value store with an ordered index. A key is a path, `orders/anna/0017`. What precedes its last '/' is its
 * directory: the entries of one directory are ordered, and live in one stream. Directories run in parallel.
 */
import { defineService, everyKey, type CommandContext, type State } from 'psmr';
import { EMPTY, entriesBetween, lookUp, sweep, write, type Directory, type Entry, type Json } from './directory.js';

export interface Found {
  readonly value: Json;
  /** Names this write of the key: what `compareAndSet` and `transact` compare with. */
  readonly version: string;
}

/** What a transaction does, in this order, once its comparisons hold. */
export type Operation =
  | { readonly op: 'get' | 'delete'; readonly key: string }
  | { readonly op: 'put'; readonly key: string; readonly value: Json; readonly ttlMs?: number }
  | { readonly op: 'increment'; readonly key: string; readonly by: number };

export interface Transaction {
  /** The version that each key must have; null: there must be no such key. */
  readonly compare?: readonly { readonly key: string; readonly version: string | null }[];
  readonly then: readonly Operation[];
}

const RANGE_ENTRIES_MAX = 1000;
const RANGE_ENTRIES = 100;

export default defineService({
  name: 'kv',
  commands: {
    get: {
      keys: (a: { key: string }) => [place(a.key).directory],
      readOnly: true,
      execute: (state, a, ctx): Found | null => get(state, a.key, ctx),
    },
    /** Returns the version. With `ttlMs` the entry is gone so much later. */
    put: {
      keys: (a: { key: string; value: Json; ttlMs?: number }) => [place(a.key).directory],
      execute: (state, a, ctx): string => put(state, a, ctx),
    },
    /** Whether there was one. */
    delete: {
      keys: (a: { key: string }) => [place(a.key).directory],
      execute: (state, a, ctx): boolean => remove(state, a.key, ctx),
    },
    /** Puts if the key has this version, null: if there is none. Returns the new version; null: nothing was done. */
    compareAndSet: {
      keys: (a: { key: string; version: string | null; value: Json; ttlMs?: number }) => [place(a.key).directory],
      execute: (state, a, ctx): string | null =>
        (get(state, a.key, ctx)?.version ?? null) === a.version ? put(state, a, ctx) : null,
    },
    /** Adds to a number, 0 where there is none; it expires when it did. Returns the sum. */
    increment: {
      keys: (a: { key: string; by: number }) => [place(a.key).directory],
      execute: (state, a, ctx): number => increment(state, a.key, a.by, ctx),
    },
    /** Entries of a directory by name, `from` included and `to` not. `next` is where to go on, null at the end. */
    range: {
      keys: (a: { directory: string; from?: string; to?: string; limit?: number }) => [
        place(`${a.directory}/`).directory,
      ],
      readOnly: true,
      execute(state, a, ctx) {
        const limit = Math.min(a.limit ?? RANGE_ENTRIES, RANGE_ENTRIES_MAX);
        if (!(limit >= 1)) throw new Error(`limit is a number from 1 to ${RANGE_ENTRIES_MAX}, not ${a.limit ?? ''}`);
        const stored = state.get<Directory>(`${a.directory}/`) ?? EMPTY;
        const entries: { name: string; value: Json; version: string }[] = [];
        for (const { name, value, version } of entriesBetween(stored, a.from ?? '', a.to ?? null, ctx.now)) {
          if (entries.length >= limit) return { entries, next: name };
          entries.push({ name, value, version });
        }
        return { entries, next: null };
      },
    },
    /** All operations at one moment, or none: if a comparison fails, `results` is null. Keys may be of any directories. */
    transact: {
      keys(a: Transaction) {
        const written = a.then.filter(({ op }) => op !== 'get');
        return { read: directories([...(a.compare ?? []), ...a.then]), write: directories(written) };
      },
      execute(state, a, ctx): { results: Json[] | null } {
        for (const { key, version } of a.compare ?? []) {
          if ((get(state, key, ctx)?.version ?? null) !== version) return { results: null };
        }
        return { results: a.then.map((operation) => operate(state, operation, ctx)) };
      },
    },
    /** Frees the memory of what has expired. Reads never show it; writes free their own page's. Returns how many. */
    sweep: {
      keys: everyKey,
      partial(partition, _: undefined, ctx) {
        let dropped = 0;
        for (const [key, directory] of partition.entries<Directory>()) {
          const swept = sweep(directory, ctx.now);
          dropped += swept.dropped;
          if (swept.directory.pages.length === 0) partition.delete(key);
          else if (swept.dropped > 0) partition.set(key, swept.directory);
        }
        return dropped;
      },
      merge: (parts: readonly number[]): number => parts.reduce((sum, part) => sum + part, 0),
    },
  },
});

/** Where a key lies: a directory with its '/' at the end, or, for a key without any, one of its own. */
function place(key: string): { directory: string; name: string } {
  const end = key.lastIndexOf('/') + 1;
  return end === 0 ? { directory: key, name: '' } : { directory: key.slice(0, end), name: key.slice(end) };
}

function directories(operations: readonly { readonly key: string }[]): string[] {
  return [...new Set(operations.map(({ key }) => place(key).directory))];
}

function find(state: State, key: string, now: number): Entry | undefined {
  const { directory, name } = place(key);
  return lookUp(state.get<Directory>(directory) ?? EMPTY, name, now);
}

function get(state: State, key: string, { now }: CommandContext): Found | null {
  const entry = find(state, key, now);
  return entry === undefined ? null : { value: entry.value, version: entry.version };
}

function store(state: State, key: string, entry: Omit<Entry, 'name'>, now: number): void {
  const { directory, name } = place(key);
  state.set(directory, write(state.get<Directory>(directory) ?? EMPTY, name, { name, ...entry }, now));
}

/** JSON would make null of what is none. Callers in other languages, or without types, may send anything. */
function checkValue(value: unknown): void {
  if (value === undefined || (typeof value === 'number' && !Number.isFinite(value)))
    throw new Error(`a value is JSON, not ${String(value)}`);
}

function put(state: State, a: { key: string; value: Json; ttlMs?: number }, ctx: CommandContext): string {
  if (a.ttlMs !== undefined && !(a.ttlMs > 0)) throw new Error(`ttlMs is a positive number, not ${a.ttlMs}`);
  checkValue(a.value);
  const version = ctx.commandId;
  const expiresAt = a.ttlMs === undefined ? null : ctx.now + a.ttlMs;
  store(state, a.key, { value: a.value, version, expiresAt }, ctx.now);
  return version;
}

function increment(state: State, key: string, by: number, ctx: CommandContext): number {
  const entry = find(state, key, ctx.now);
  const before = entry === undefined ? 0 : entry.value;
  if (typeof before !== 'number') throw new Error(`${key} holds no number`);
  const value = before + by;
  checkValue(value);
  store(state, key, { value, version: ctx.commandId, expiresAt: entry?.expiresAt ?? null }, ctx.now);
  return value;
}

function remove(state: State, key: string, { now }: CommandContext): boolean {
  if (find(state, key, now) === undefined) return false;
  const { directory, name } = place(key);
  const left = write(state.get<Directory>(directory) ?? EMPTY, name, null, now);
  if (left.pages.length === 0) state.delete(directory);
  else state.set(directory, left);
  return true;
}

function operate(state: State, operation: Operation, ctx: CommandContext): Json {
  switch (operation.op) {
    case 'get':
      return get(state, operation.key, ctx) as Json;
    case 'put':
      return put(state, operation, ctx);
    case 'delete':
      return remove(state, operation.key, ctx);
    case 'increment':
      return increment(state, operation.key, operation.by, ctx);
  }
}
