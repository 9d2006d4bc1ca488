/** Every technique with every workload and feed, in a tiny form, on real threads (so from the built package). */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attach, Engine, type EnginePort } from 'psmr';
import { afterAll, describe, expect, test } from 'vitest';
import type bank from '../../dist/bench/services/bank.js';
import { parseBenchOptions, type BenchOptions } from '../../dist/bench/options/bench-options.js';
import { EngineTarget } from '../../dist/bench/targets/engine-target.js';
import type { Target } from '../../dist/bench/targets/target.js';
import { ClientFed } from '../../dist/bench/techniques/client-fed.js';
import type { ExampleName } from '../../dist/bench/workloads/examples/examples.js';
import { createContender, logFed } from '../../dist/bench/techniques/create-contender.js';
import type { Contender, TechniqueName } from '../../dist/bench/techniques/technique.js';
import { variantsOf } from '../../dist/bench/techniques/variant.js';
import { createJob, type BenchJob } from '../../dist/bench/workloads/bench-job.js';
import { createPartitionMap } from '../../dist/src/classifier/create-partition-map.js';

const directory = mkdtempSync(join(tmpdir(), 'bench-test-'));
afterAll(() => rmSync(directory, { recursive: true }));

const trace = join(directory, 'trace.csv');
writeFileSync(trace, ['version,time,op,size,lbn', ...requests(200), ''].join('\n'));

/** Reads and writes of one to 200 sectors, which overlap, many across the border of two extents. */
function requests(count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const sectors = 1 + ((i * 37) % 200);
    return `1,${i},${i % 3 === 0 ? '28' : '2a'},${sectors * 512},${(i * 61) % 1000}`;
  });
}

const EXAMPLES: Record<ExampleName, Record<string, unknown>> = {
  'kv-ranges': { workload: 'kv-ranges', cross: 0.2, keys: 400 },
  ledger: { workload: 'ledger', cross: 0.3, keys: 100 },
  exchange: { workload: 'exchange', cross: 0.2, keys: 12 },
  config: { workload: 'config', cross: 0.2, keys: 100 },
};
const WORKLOADS: Record<Exclude<BenchOptions['workload'], ExampleName>, Record<string, unknown>> = {
  kv: { workload: 'kv', cross: 0.2, keys: 100 },
  bank: { workload: 'bank', cross: 0.3, keys: 100 },
  blocks: { workload: 'blocks', trace },
  netfs: { workload: 'netfs', cross: 0.3, keys: 100, valueBytes: 64 },
};
const LOG_FED: TechniqueName[] = ['smr', 'p-smr', 'sp-smr', 'no-rep'];

function jobFor(technique: TechniqueName, settings: Record<string, unknown>, commandsMax = 300): BenchJob {
  const options = parseBenchOptions({ technique, streams: 2, batch: 16, ...settings });
  const map = createPartitionMap({ streams: options.streams }).toJson();
  return createJob({ options, map, spinsPerUs: 100, commandsMax });
}

function variantOf(job: BenchJob): ReturnType<typeof variantsOf>[number] {
  return variantsOf(job.options)[0] ?? expect.unreachable('no variant');
}

/** Runs it for a moment, twice, and verifies it. */
async function runBriefly(job: BenchJob): Promise<void> {
  const contender = createContender(variantOf(job), job);
  await stopped(contender, async () => {
    await contender.prepare();
    for (let run = 0; run < 2; run++) expect((await contender.run(0.02)).commands).toBeGreaterThan(0);
    await contender.verify();
  });
}

async function stopped<T>(contender: Contender, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await contender.stop();
  }
}

describe.each(Object.entries(WORKLOADS))('%s', (_, settings) => {
  test.each(LOG_FED)('%s executes it from a log', (technique) => runBriefly(jobFor(technique, settings)));
  test.each(LOG_FED)('%s executes it for clients', (technique) =>
    runBriefly(jobFor(technique, { ...settings, feed: 'clients', clients: 3, outstanding: 64 })),
  );
});

describe.each(Object.entries(EXAMPLES))('the service of examples/, %s,', (_, settings) => {
  test('is executed from logs', () => runBriefly(jobFor('p-smr', settings)));
  test('is executed for clients', () =>
    runBriefly(jobFor('p-smr', { ...settings, feed: 'clients', clients: 2, outstanding: 64 })));
});

describe('kv', () => {
  test('is executed from a log by the plain loop', () => runBriefly(jobFor('plain-loop', WORKLOADS.kv)));

  test.each(['a', 'b', 'c', 'd', 'e', 'f'])('mix %s runs in parallel', (mix) =>
    runBriefly(jobFor('p-smr', { ...WORKLOADS.kv, mix, zipf: 0.99, workUs: 1 })),
  );
});

async function finalState(technique: TechniqueName, settings: Record<string, unknown>): Promise<object> {
  const job = jobFor(technique, settings);
  const contender = logFed(variantOf(job), job);
  return stopped(contender, async () => {
    await contender.prepare();
    return contender.finish();
  });
}

describe('the final state', () => {
  test.each(Object.entries(WORKLOADS))('of %s is the same wherever the log is one', async (_, settings) => {
    const smr = await finalState('smr', settings);
    expect(smr).toMatchObject({ laps: 1 });
    for (const technique of ['smr', 'no-rep', 'sp-smr'] as const)
      expect(await finalState(technique, settings), technique).toEqual(smr);
  });

  test('of kv is the same in the plain loop', async () => {
    expect(await finalState('plain-loop', WORKLOADS.kv)).toEqual(await finalState('smr', WORKLOADS.kv));
  });

  test('is the same with logs per stream where no command crosses', async () => {
    const settings = { ...WORKLOADS.kv, cross: 0, streams: 3 };
    expect(await finalState('p-smr', settings)).toEqual(await finalState('smr', settings));
  });

  test('of bank has all the money, whatever the order', async () => {
    const total = ({ sum }: { sum?: number }): number => sum ?? NaN;
    const settings = { ...WORKLOADS.bank, streams: 4 };
    expect(total(await finalState('p-smr', settings))).toBe(total(await finalState('smr', settings)));
  });
});

/** An engine with one client more than the benchmark knows of. */
class SharedTarget implements Target {
  readonly #engine = new EngineTarget({
    service: new URL('../../dist/bench/services/bank.js', import.meta.url),
    ...{ streams: 2, durability: 'memory', dataParent: null, outstanding: 100 },
  });
  readonly failure = this.#engine.failure;
  #stranger: EnginePort | undefined;

  async start(clients: number): Promise<readonly EnginePort[]> {
    const ports = await this.#engine.start(clients + 1);
    this.#stranger = ports[clients];
    return ports.slice(0, clients);
  }

  async robs(account: string): Promise<void> {
    if (this.#stranger === undefined) throw new Error('start comes first');
    const client = await attach<typeof bank>(this.#stranger);
    await client.executeBatch([['deposit', { account, amount: -1 }]]);
    await client.close();
  }

  stop(): Promise<void> {
    return this.#engine.stop();
  }
}

describe('verification', () => {
  const difference = /the sum over the state is \d+, but the commands make it \d+/;

  async function verdictOn(job: BenchJob): Promise<void> {
    const contender = createContender(variantOf(job), job);
    await stopped(contender, async () => {
      await contender.prepare();
      await contender.verify();
    });
  }

  test('finds money that is missing from the state of a log', async () => {
    const job = jobFor('p-smr', WORKLOADS.bank);
    const conserved = { query: ['total', {}] as const, added: () => 1e9 };
    await expect(verdictOn({ ...job, workload: { ...job.workload, conserved } })).rejects.toThrow(difference);
  });

  test('finds money that is missing where clients execute', async () => {
    const job = jobFor('p-smr', { ...WORKLOADS.bank, feed: 'clients' });
    const target = new SharedTarget();
    const contender = new ClientFed(variantOf(job), job, { target });
    await stopped(contender, async () => {
      await contender.prepare();
      await contender.run(0.02);
      await contender.verify();
      await target.robs('account1');
      await expect(contender.verify()).rejects.toThrow(difference);
    });
  });

  test.each(LOG_FED)('finds a command that fails (%s)', async (technique) => {
    const job = jobFor(technique, WORKLOADS.blocks);
    const withoutData = ['write', { lbn: 5, sectors: 1 }] as const;
    await expect(verdictOn({ ...job, commands: [...job.commands, withoutData] })).rejects.toThrow(/undefined/);
  });

  test.each(LOG_FED)('finds a read of what nobody wrote (%s)', async (technique) => {
    const job = jobFor(technique, WORKLOADS.blocks);
    const write = ['write', { lbn: 5, sectors: 2, data: 'x'.repeat(20) }] as const;
    const read = ['read', { lbn: 5, sectors: 2, sectorBytes: 10 }] as const;
    await expect(verdictOn({ ...job, commands: [...job.commands, write, read] })).rejects.toThrow(
      "sector 5 holds 'xxxxxxxxxx'",
    );
  });
});

describe('clients', () => {
  test.each(['async', 'sync'])('of an engine on disk (%s) leave no files behind', async (durability) => {
    const data = mkdtempSync(join(directory, 'data-'));
    await runBriefly(jobFor('p-smr', { ...WORKLOADS.bank, feed: 'clients', durability, data }));
    expect(readdirSync(data)).toEqual([]);
  });

  test('keep to a rate', async () => {
    const job = jobFor('p-smr', { ...WORKLOADS.kv, feed: 'clients', rate: 5000, batch: 10 });
    const contender = createContender(variantOf(job), job);
    await stopped(contender, async () => {
      await contender.prepare();
      const { commands, latencies } = await contender.run(0.1);
      expect(commands).toBe(500);
      expect(latencies?.summary().max).toBeGreaterThan(0);
    });
  });

  test('reach a server that runs already', async () => {
    const service = new URL('../../dist/bench/services/bank.js', import.meta.url);
    const engine = await Engine.start({ service, streams: 2 });
    try {
      const { url } = await engine.listen({ port: 0, http: null });
      await runBriefly(jobFor('p-smr', { ...WORKLOADS.bank, connect: url }));
      expect(engine.stats().commands).toBeGreaterThan(100);
    } finally {
      await engine.stop();
    }
  });

  test('find that a server has other streams than they were told', async () => {
    const service = new URL('../../dist/bench/services/kv.js', import.meta.url);
    const engine = await Engine.start({ service, streams: 3 });
    try {
      const { url } = await engine.listen({ port: 0, http: null });
      const job = jobFor('p-smr', { ...WORKLOADS.kv, connect: url });
      const contender = createContender(variantOf(job), job);
      const error = { code: 'INVALID_ARGUMENT', message: expect.stringContaining('--streams 3') as string };
      await stopped(contender, () => expect(contender.prepare()).rejects.toMatchObject(error));
    } finally {
      await engine.stop();
    }
  });

  test('of a server that is not there get an error that says so', async () => {
    const job = jobFor('p-smr', { ...WORKLOADS.kv, connect: 'ws://127.0.0.1:1' });
    const contender = createContender(variantOf(job), job);
    await stopped(contender, () => expect(contender.prepare()).rejects.toMatchObject({ code: 'UNREACHABLE' }));
  });

  test('need a directory that exists for logs on disk', async () => {
    const data = join(directory, 'nowhere');
    const job = jobFor('smr', { ...WORKLOADS.kv, feed: 'clients', durability: 'sync', data });
    const contender = createContender(variantOf(job), job);
    await stopped(contender, () => expect(contender.prepare()).rejects.toThrow(`--data ${data}`));
  });
});
