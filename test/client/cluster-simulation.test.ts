import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/client/call.js';
import type { ClientCore } from '../../src/client/client-core.js';
import { addClient, createCluster, STREAMS } from './cluster-client.js';
import { checkHistory, type Operation } from './cluster-history.js';
import { passTime } from './model-client.js';
import { type ModelCluster, NO_CLUSTER_FAULTS } from './model-cluster.js';
import { seededRandom, type SimulatedClock } from './simulated-clock.js';

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const RUNS = Number(process.env['CLIENT_SEEDS'] ?? 20);
const NAMES = ['write', 'write', 'write', 'read', 'read', 'fails'] as const;
/** Seeds that have found something: a frame lost on a link that stays. */
const FOUND: [number][] = [[20_238]];
const FAULTS_END_MS = 2_500;
/** After the last fault: the last election, the longest silence, the longest pauses of a client. */
const MENDED_MS = 4_000;

interface Run {
  readonly operations: readonly Operation[];
  readonly cluster: ModelCluster;
  /** When the last call ended. */
  readonly endedMs: number;
}

interface RunOptions {
  readonly requestTimeoutMs: number;
  readonly replicas?: number;
}

/** Kills, hangs and moves at random times; never more than a minority is away, and in the end all are back. */
function scheduleNemesis(clock: SimulatedClock, cluster: ModelCluster, random: () => number): void {
  const { replicas, groups } = cluster;
  const minority = Math.floor((replicas.length - 1) / 2);
  const away = (): number => replicas.filter(({ state }) => state !== 'up').length;
  const pick = (): number => 1 + Math.floor(random() * replicas.length);
  for (let i = 0; i < 4; i++)
    clock.after(random() * FAULTS_END_MS, () => {
      const id = pick();
      if (away() >= minority || replicas[id - 1]?.state !== 'up') return;
      const electionMs = 100 + random() * 200;
      if (random() < 0.5) cluster.kill(id, electionMs);
      else cluster.hang(id, electionMs);
      clock.after(200 + random() * 1_200, () => cluster.revive(id));
    });
  for (let i = 0; i < 8; i++)
    clock.after(random() * FAULTS_END_MS, () =>
      cluster.moveLeader(Math.floor(random() * groups.length), pick(), random() < 0.5),
    );
  clock.after(FAULTS_END_MS, () => (cluster.faults = NO_CLUSTER_FAULTS));
}

interface Recorder {
  readonly clock: SimulatedClock;
  readonly random: () => number;
  readonly operations: Operation[];
}

function submit({ clock, random, operations }: Recorder, client: ClientCore): void {
  const batch = Array.from({ length: 1 + Math.floor(random() * 8) }, (_, i): Operation => {
    const id = operations.length + i;
    const name = NAMES[Math.floor(random() * NAMES.length)] ?? 'write';
    return { id, name, group: (id + 1) % (STREAMS + 1), invokedMs: clock.now(), endedMs: Infinity, outcome: null };
  });
  operations.push(...batch);
  void client.executeBatch(batch.map(({ id, name }) => [name, id] as const)).then((outcomes: Outcome[]) => {
    batch.forEach((operation, i) => {
      operation.endedMs = clock.now();
      operation.outcome = outcomes[i] ?? null;
    });
  });
}

async function run(seed: number, { requestTimeoutMs, replicas = 3 }: RunOptions): Promise<Run> {
  const random = seededRandom(seed ^ 0xc1a5);
  const options = {
    replicas,
    reads: random() < 0.5 ? 'any' : 'leader',
    limits: { requestTimeoutMs, framesInFlightMax: 1 + Math.floor(random() * 16) },
  } as const;
  const { clock, cluster, client } = createCluster(seed, options);
  const clients = [client, addClient(clock, cluster, options)];
  const fault = (most: number): number => (random() < 0.5 ? 0 : random() * most);
  cluster.faults = { cut: fault(0.03), wrongHint: fault(0.6), noHint: fault(0.4), overloaded: fault(0.1) };
  scheduleNemesis(clock, cluster, random);
  const operations: Operation[] = [];
  for (let i = 0; i < 80; i++)
    clock.after(random() * FAULTS_END_MS, () => submit({ clock, random, operations }, clients[i % 2] ?? client));
  await passTime(clock, 60_000);
  expect(
    clients.map(({ outstanding }) => outstanding),
    'every call ends',
  ).toEqual([0, 0]);
  for (const one of clients) one.close();
  checkHistory(operations, cluster.groups);
  return { operations, cluster, endedMs: Math.max(...operations.map(({ endedMs }) => endedMs)) };
}

function codesOf(operations: readonly Operation[]): Set<string> {
  return new Set(
    operations.map(({ outcome, name }) => {
      if (outcome === null) return 'none';
      if (outcome.ok) return 'ok';
      return name === 'fails' && outcome.error.code === 'COMMAND_FAILED' ? 'ok' : outcome.error.code;
    }),
  );
}

describe('the client of a replicated service', () => {
  it.each([3, 5])(
    'has every command executed exactly once, soon, whatever happens to a minority of %i replicas',
    async (replicas) => {
      let lost = 0;
      await fc.assert(
        fc.asyncProperty(seeds, async (seed) => {
          const { operations, cluster, endedMs } = await run(seed, { requestTimeoutMs: 50_000, replicas });
          expect(codesOf(operations)).toEqual(new Set(['ok']));
          expect(endedMs, 'the last call ends').toBeLessThan(FAULTS_END_MS + MENDED_MS);
          // 2 clients, 3 groups with a second link each for reads, 2.5 s: well under one dial per 5 ms and link.
          expect(cluster.dials, 'dials').toBeLessThan(3_000);
          lost += cluster.groups.reduce((sum, group) => sum + group.lost, 0);
        }),
        { numRuns: RUNS, examples: FOUND },
      );
      // Few seeds may lose none: then more of them, always the same, until one does.
      for (let seed = 1; lost === 0 && seed <= 200; seed++) {
        const { cluster } = await run(seed, { requestTimeoutMs: 50_000, replicas });
        lost += cluster.groups.reduce((sum, group) => sum + group.lost, 0);
      }
      expect(lost, 'the model has lost tails').toBeGreaterThan(0);
    },
  );

  it('ends every call truthfully where its caller has less patience', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const { operations, endedMs } = await run(seed, { requestTimeoutMs: 150 + (seed % 300) });
        expect(endedMs).toBeLessThan(FAULTS_END_MS + 600);
        for (const code of codesOf(operations))
          expect(['ok', 'OUTCOME_UNKNOWN', 'UNREACHABLE', 'NOT_LEADER', 'OVERLOADED']).toContain(code);
      }),
      { numRuns: RUNS, examples: FOUND },
    );
  });
});
