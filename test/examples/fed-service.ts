/** An example service in an engine that is fed one total order: real threads, and time as the test says. */
import { Engine, type FeedCommand } from 'psmr';
import { afterAll, beforeAll } from 'vitest';

export type Result = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: string };

export interface FedService {
  /** Executes commands at this time, in ms; time never goes back. */
  execute(commands: readonly FeedCommand[], timestampMs?: number): Promise<Result[]>;
  /** The one result, where it is a value. */
  value<T>(name: string, args?: unknown, timestampMs?: number): Promise<T>;
}

const STREAMS = 3;

export function exampleUrl(path: string): URL {
  return new URL(`../../dist/examples/${path}.js`, import.meta.url);
}

/** One engine for all tests of a file: each test uses keys of its own. */
export function fedService(path: string): FedService {
  let engine: Engine | undefined;
  let feed: ReturnType<Engine['feed']> | undefined;
  beforeAll(async () => {
    engine = await Engine.start({ service: exampleUrl(path), streams: STREAMS });
    feed = engine.feed();
  });
  afterAll(() => engine?.stop());

  async function execute(commands: readonly FeedCommand[], timestampMs?: number): Promise<Result[]> {
    if (feed === undefined) throw new Error('the engine has not started');
    const outcomes = await feed.append({ commands, ...(timestampMs === undefined ? {} : { timestampMs }) });
    return outcomes.map((outcome) =>
      outcome.ok ? { ok: true, value: outcome.value } : { ok: false, error: outcome.error.message },
    );
  }
  return {
    execute,
    async value<T>(name: string, args?: unknown, timestampMs?: number) {
      const [result] = await execute([[name, args]], timestampMs);
      if (result?.ok !== true) throw new Error(`${name}: ${result?.error ?? 'no result'}`);
      // What a command returns is the test's to say.
      return result.value as T;
    },
  };
}
