import fc from 'fast-check';
import type { FeedCommand } from 'psmr';
import { describe, expect, it } from 'vitest';
import { PAGE_ENTRIES_MAX, type Directory } from '../../examples/kv/directory.js';
import type { Found } from '../../examples/kv/service.js';
import { fedService, type Result } from './fed-service.js';

interface ModelEntry {
  value: unknown;
  /** A number is a version that no reply has told. */
  version: string | number;
  expiresAt: number;
}

interface ModelArguments {
  readonly key: string;
  readonly value?: unknown;
  readonly ttlMs?: number;
  readonly by?: number;
  readonly version?: string | null;
}
type Operation = ModelArguments & { readonly op: string };
interface Transaction {
  readonly compare: readonly { readonly key: string; readonly version: string | null }[];
  readonly then: readonly Operation[];
}
interface Range {
  readonly directory: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit: number;
}

/** A plain Map. Versions come from the replies: `told` is what the service said. */
class KvModel {
  readonly #entries = new Map<string, ModelEntry>();
  #untold = 0;

  versionOf(key: string): string | null {
    const version = this.#entries.get(key)?.version;
    return typeof version === 'string' ? version : null;
  }

  execute([name, args]: FeedCommand, told: unknown, now: number): unknown {
    for (const [key, { expiresAt }] of this.#entries) if (expiresAt <= now) this.#entries.delete(key);
    if (name === 'range') return this.#range(args as Range);
    if (name !== 'transact') return this.#run({ op: name, ...(args as ModelArguments) }, told, now);
    const { compare, then } = args as Transaction;
    if (!compare.every(({ key, version }) => (this.#entries.get(key)?.version ?? null) === version))
      return { results: null };
    const before = new Map(this.#entries);
    const replies = (told as { results?: unknown[] } | string).valueOf() as { results?: unknown[] };
    const results = then.map((operation, at) => this.#run(operation, replies.results?.[at], now));
    if (!results.includes('error')) return { results };
    this.#entries.clear();
    for (const [key, entry] of before) this.#entries.set(key, entry);
    return 'error';
  }

  #run({ op, key, value, ttlMs, by = 0, version }: Operation, told: unknown, now: number): unknown {
    const entry = this.#entries.get(key);
    switch (op) {
      case 'get':
        if (entry === undefined) return null;
        // From here on the version is known.
        if (typeof entry.version === 'number') entry.version = (told as Found).version;
        return { value: entry.value, version: entry.version };
      case 'delete':
        return this.#entries.delete(key);
      case 'increment': {
        if (entry !== undefined && typeof entry.value !== 'number') return 'error';
        const sum = Number(entry?.value ?? 0) + by;
        this.#entries.set(key, { value: sum, version: this.#untold++, expiresAt: entry?.expiresAt ?? Infinity });
        return sum;
      }
      case 'compareAndSet':
        if ((entry?.version ?? null) !== version) return null;
        break;
      default:
    }
    this.#entries.set(key, { value, version: told as string, expiresAt: now + (ttlMs ?? Infinity) });
    return told;
  }

  #range({ directory, from = '', to, limit }: Range): unknown {
    const names = [...this.#entries.keys()]
      .filter((key) => key.slice(0, key.lastIndexOf('/')) === directory)
      .map((key) => key.slice(directory.length + 1))
      .filter((name) => name >= from && (to === undefined || name < to))
      .sort((a, b) => (a < b ? -1 : 1));
    const entries = names.slice(0, limit).map((name) => {
      const value: unknown = this.#entries.get(`${directory}/${name}`)?.value;
      return { name, value, version: expect.any(String) as unknown };
    });
    return { entries, next: names[limit] ?? null };
  }
}

const name = fc.oneof(
  fc.nat({ max: 70 }).map(String),
  fc.constantFrom('', 'é', '\u{1F600}', '\uFF5E', '__proto__', 'a b'),
);
const key = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.constantFrom('d/', 'd/e/'), name).map(([directory, each]) => directory + each) },
  { weight: 2, arbitrary: fc.constantFrom('flat', 'other', 'd') },
);
const value = fc.oneof(fc.integer(), fc.constantFrom('text', { nested: [1, null] }, null));
const ttlMs = fc.integer({ min: 1, max: 30 });
/** Which version a comparison names: the last that was told, that of another key, or none. */
const guess = fc.constantFrom('told', 'told', 'other', 'none');
const write = fc.record({ op: fc.constant('put'), key, value, ttlMs }, { requiredKeys: ['op', 'key', 'value'] });
const change = fc.oneof(
  { weight: 4, arbitrary: write },
  fc.record({ op: fc.constantFrom('get', 'delete'), key }),
  fc.record({ op: fc.constant('increment'), key, by: fc.integer({ min: -9, max: 9 }) }),
);
const act = fc.oneof(
  { weight: 5, arbitrary: change },
  fc.record({ op: fc.constant('compareAndSet'), key, value, guess }),
  fc.record(
    {
      op: fc.constant('range'),
      directory: fc.constantFrom('d', 'd/e'),
      from: name,
      to: name,
      limit: fc.integer({ min: 1, max: 40 }),
    },
    { requiredKeys: ['op', 'directory', 'limit'] },
  ),
  fc.record({
    op: fc.constant('transact'),
    compare: fc.array(fc.record({ key, guess }), { maxLength: 2 }),
    then: fc.array(change, { minLength: 1, maxLength: 4 }),
  }),
);
const RUNS = Number(process.env['EXAMPLE_RUNS'] ?? 40);

/** An act as a command: keys of this run, guesses as versions. */
function commandOf({ op, ...rest }: Record<string, unknown>, prefix: string, model: KvModel): FeedCommand {
  const own = (each: object): object => {
    const { guess: kind, ...args } = each as Record<string, unknown>;
    for (const field of ['key', 'directory']) if (field in args) args[field] = `${prefix}${String(args[field])}`;
    const told = kind === 'other' ? '0-0-0' : model.versionOf(String(args['key']));
    return kind === undefined ? args : { ...args, version: kind === 'none' ? null : told };
  };
  if (op !== 'transact') return [String(op), own(rest)];
  const { compare, then } = rest as { compare: object[]; then: object[] };
  return ['transact', { compare: compare.map(own), then: then.map(own) }];
}

function valueOf(result: Result | undefined): unknown {
  return result?.ok === true ? result.value : 'error';
}

describe('the key-value store', () => {
  const { execute, value: valueFrom } = fedService('kv/service');
  let run = 0;
  let now = 1000;

  it('does what a plain Map does, also as time goes by', async () => {
    const steps = fc.array(fc.record({ acts: fc.array(act, { maxLength: 40 }), passes: fc.nat({ max: 15 }) }), {
      maxLength: 5,
    });
    const property = fc.asyncProperty(steps, async (batches) => {
      const prefix = `run${run++}/`;
      const model = new KvModel();
      const filling = Array.from({ length: 60 }, (_, at) => ({
        op: 'put',
        key: `d/${at}`,
        value: at,
        ttlMs: 1 + (at % 40),
      }));
      for (const { acts, passes } of [{ acts: filling, passes: 0 }, ...batches]) {
        now += passes;
        const commands = acts.map((each) => commandOf(each, prefix, model));
        const results = (await execute(commands, now)).map(valueOf);
        const expected = commands.map((command, at) => model.execute(command, results[at], now));
        expect(results).toEqual(expected);
      }
    });
    await fc.assert(property, { numRuns: RUNS });
  });

  it('an entry expires at its time, which only the log tells', async () => {
    now += 1000;
    await execute([['put', { key: 'ttl/a', value: 1, ttlMs: 10 }]], now);
    expect(await valueFrom('get', { key: 'ttl/a' }, now + 9)).toMatchObject({ value: 1 });
    const [expired, free] = await execute(
      [
        ['get', { key: 'ttl/a' }],
        ['compareAndSet', { key: 'ttl/a', version: null, value: 2 }],
      ],
      (now += 10),
    );
    expect(expired).toEqual({ ok: true, value: null });
    expect(valueOf(free)).toEqual(expect.any(String));
  });

  it('sweep frees what has expired, and nothing else', async () => {
    now += 1000;
    await execute([['sweep']], now);
    const keys = Array.from({ length: 3 * PAGE_ENTRIES_MAX }, (_, at) => `swept/${at % 3}/${at}`);
    await execute(
      keys.map((each, at) => ['put', { key: each, value: at, ...(at % 2 === 0 ? { ttlMs: 5 } : {}) }]),
      now,
    );
    now += 5;
    expect(await valueFrom('sweep', undefined, now)).toBe(keys.length / 2);
    expect(await valueFrom('sweep', undefined, now)).toBe(0);
    const left = await execute(
      keys.map((each) => ['get', { key: each }]),
      now,
    );
    expect(left.map((result) => valueOf(result) !== null)).toEqual(keys.map((_, at) => at % 2 === 1));
  });

  it('a version never comes back: a key that was deleted and put again is another', async () => {
    const version = await valueFrom('put', { key: 'aba/x', value: 1 });
    await execute([
      ['delete', { key: 'aba/x' }],
      ['put', { key: 'aba/x', value: 1 }],
    ]);
    expect(await valueFrom('compareAndSet', { key: 'aba/x', version, value: 2 })).toBeNull();
  });

  it('a transaction over several directories that fails half way changes nothing', async () => {
    await execute([['put', { key: 'tx/b/text', value: 'x' }]]);
    const then = [
      { op: 'put', key: 'tx/a/1', value: 1 },
      { op: 'increment', key: 'tx/b/text', by: 1 },
    ];
    const [failed] = await execute([['transact', { then }]]);
    expect(failed).toEqual({ ok: false, error: 'tx/b/text holds no number' });
    expect(await valueFrom('get', { key: 'tx/a/1' })).toBeNull();
  });

  it.each([NaN, Infinity])('%d is no JSON and is refused', async (wrong) => {
    const [refused] = await execute([['put', { key: 'wrong/1', value: wrong }]]);
    expect(refused).toMatchObject({ ok: false });
  });

  it('pages stay small and in order however a directory grows', async () => {
    const { EMPTY, write: put, entriesBetween } = await import('../../examples/kv/directory.js');
    const entryOf = (each: string): Parameters<typeof put>[2] => ({
      name: each,
      value: 0,
      version: '',
      expiresAt: null,
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat({ max: 300 }), fc.boolean()), { maxLength: 400 }), (writes) => {
        let directory: Directory = EMPTY;
        const names = new Set<string>();
        for (const [number, keep] of writes) {
          directory = put(directory, `n${number}`, keep ? entryOf(`n${number}`) : null, 0);
          if (keep) names.add(`n${number}`);
          else names.delete(`n${number}`);
        }
        expect([...entriesBetween(directory, '', null, 0)].map((entry) => entry.name)).toEqual([...names].sort());
        for (const page of directory.pages) {
          const { length } = JSON.parse(page) as unknown[];
          expect(length).toBeGreaterThan(0);
          expect(length).toBeLessThanOrEqual(PAGE_ENTRIES_MAX);
        }
      }),
      { numRuns: RUNS },
    );
  });
});
