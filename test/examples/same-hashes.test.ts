/** Each example on two replicas: the same log, executed by different threads at different paces, gives the same hashes. */
import { Engine, type FeedCommand } from 'psmr';
import { describe, expect, it } from 'vitest';
import { EXAMPLE_NAMES, EXAMPLE_WORKLOADS, type ExampleName } from '../../bench/workloads/examples/examples.js';
import { randomSource } from '../../bench/workloads/random-source.js';
import { take, workloadOptions } from '../bench/bench-setting.js';
import { exampleUrl } from './fed-service.js';

const STREAMS = 2;
const COMMANDS = 300;
const BATCH = 50;
const PATHS: Readonly<Record<ExampleName, string>> = {
  'kv-ranges': 'kv/service',
  ledger: 'ledger/service',
  exchange: 'exchange/service',
  config: 'config/service',
};
/** What reads, and in kv changes, everything: it meets all streams. */
const OVER_ALL: Readonly<Record<ExampleName, FeedCommand>> = {
  'kv-ranges': ['sweep'],
  ledger: ['audit'],
  exchange: ['check'],
  config: ['list', { prefix: 'app1/' }],
};

/** Puts of kv expire after a few batches. */
function withExpiry([name, args]: FeedCommand, at: number): FeedCommand {
  return name === 'put' && at % 3 === 0 ? [name, { ...(args as object), ttlMs: 1 + (at % 5) }] : [name, args];
}

function logOf(name: ExampleName): FeedCommand[][] {
  const options = workloadOptions({ keys: name === 'exchange' ? 12 : 100, cross: 0.2, streams: STREAMS });
  const { load, generate } = EXAMPLE_WORKLOADS[name];
  const commands = [...load(options), ...take(generate(options, randomSource(5)), COMMANDS)].map(withExpiry);
  const batches = Array.from({ length: Math.ceil(commands.length / BATCH) }, (_, at) =>
    commands.slice(at * BATCH, (at + 1) * BATCH),
  );
  return batches.map((batch) => [...batch, OVER_ALL[name]]);
}

interface Execution {
  readonly hashes: readonly string[];
  readonly results: readonly unknown[];
}

/** `waits`: each batch for the one before, so that threads stand still in between; else all run on. */
async function execute(name: ExampleName, log: readonly FeedCommand[][], waits: boolean): Promise<Execution> {
  const engine = await Engine.start({ service: exampleUrl(PATHS[name]), streams: STREAMS });
  try {
    const feed = engine.feed();
    const outcomes: ReturnType<typeof feed.append>[] = [];
    for (const [at, commands] of log.entries()) {
      const appended = feed.append({ timestampMs: 1000 + at, commands });
      outcomes.push(appended);
      if (waits) await appended;
    }
    const results = (await Promise.all(outcomes)).flat();
    const failed = results.find((outcome) => !outcome.ok);
    if (failed?.ok === false) throw failed.error;
    const { parts } = await engine.checkpoint();
    return { hashes: parts.map((part) => part.hash), results: results.map((outcome) => outcome.ok && outcome.value) };
  } finally {
    await engine.stop();
  }
}

describe.each(EXAMPLE_NAMES)('the service of examples/, %s,', (name) => {
  it('has the same state and the same results on two replicas', async () => {
    const log = logOf(name);
    const one = await execute(name, log, true);
    expect(await execute(name, log, false)).toEqual(one);
    expect(new Set(one.hashes).size).toBeGreaterThanOrEqual(STREAMS);
  });
});
