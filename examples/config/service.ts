/**
 * A configuration registry: values under keys, each with a version, and everybody who watches a key or a prefix gets
 * every change once and in order. What is changed together in one `update` is changed together in the log.
 */
import { defineService, everyKey, type State } from 'psmr';

/** What a key holds. A key that was removed keeps its version, so that no version of a key comes twice. */
interface Cell {
  readonly version: number;
  readonly value?: unknown;
  readonly removed?: true;
}

/** One change of an `update`; without a value the key is removed. */
export interface Change {
  readonly key: string;
  readonly value?: unknown;
  /** The change is made only where the key has this version; 0: only where there is no such key. */
  readonly expect?: number;
}

/** What is read, and what watchers are sent: no value where the key was removed. */
export interface Setting {
  readonly version: number;
  readonly value?: unknown;
}

const CHANGES_MAX = 100;

export default defineService({
  name: 'config',
  commands: {
    /** Returns the new version. */
    put: {
      keys: (a: { key: string; value: unknown; expect?: number }) => [a.key],
      execute: (state, a) => change(state, a),
    },
    /** Returns the new version. */
    remove: {
      keys: (a: { key: string; expect?: number }) => [a.key],
      execute: (state, a) => change(state, { key: a.key, ...(a.expect === undefined ? {} : { expect: a.expect }) }),
    },
    /** Several keys, all or none. Returns their versions. */
    update: {
      keys: (a: { changes: readonly Change[] }) => a.changes.map(({ key }) => key),
      execute(state, a) {
        if (a.changes.length === 0 || a.changes.length > CHANGES_MAX)
          throw new Error(`an update has 1 to ${CHANGES_MAX} changes`);
        return a.changes.map((one) => change(state, one));
      },
    },
    /** Null: there is no such key. */
    get: {
      keys: (a: { key: string }) => [a.key],
      readOnly: true,
      execute(state, a): Setting | null {
        const cell = state.get<Cell>(a.key);
        return cell === undefined || cell.removed === true ? null : cell;
      },
    },
    /** All settings whose keys begin so, by key. */
    list: {
      keys: everyKey,
      readOnly: true,
      partial(partition, a: { prefix: string }): [key: string, setting: Setting][] {
        return [...partition.entries<Cell>()].filter(
          ([key, cell]) => key.startsWith(a.prefix) && cell.removed !== true,
        );
      },
      merge: (parts: readonly (readonly [key: string, setting: Setting][])[]): [key: string, setting: Setting][] =>
        parts.flat().sort(([a], [b]) => (a < b ? -1 : 1)),
    },
  },
});

function change(state: State, { key, value, expect }: Change): number {
  const before = state.get<Cell>(key);
  const current = before === undefined || before.removed === true ? 0 : before.version;
  if (expect !== undefined && expect !== current)
    throw new Error(`${key} has version ${current}, not ${expect}: read it again`);
  if (value === undefined && current === 0) throw new Error(`there is no ${key}`);
  const version = (before?.version ?? 0) + 1;
  const setting: Setting = value === undefined ? { version } : { version, value };
  state.set(key, value === undefined ? { version, removed: true } : setting);
  state.publish(key, setting);
  return version;
}
