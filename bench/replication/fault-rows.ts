/** Rows about what a killed replica costs. */
import { setTimeout as pause } from 'node:timers/promises';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { invariant, PsmrError } from '../../src/errors.js';
import { spreadOf } from '../measure/spread.js';
import type { ClientFed } from '../techniques/client-fed.js';
import { AnswerGap } from './answer-gap.js';
import { startKvLoad, STREAMS } from '../peers/kv-load.js';
import type { ReplicaProcesses } from '../peers/replica-processes.js';
import type { Row, Setting } from './row.js';
import { figureText } from '../measure/turns.js';

/** The load under which leaders are killed: commands per second, whatever the replies do. */
const RATE = 50_000;
const BATCH = 100;
/** In flight at most: a gap of a second, and more. */
const OUTSTANDING = 200_000;
/** The load goes on for so long after a kill, and until every client has an answer. */
const AFTER_KILL_MS = 1_000;
const CAUGHT_UP_MS = 120_000;
const CHUNK_S = 1;
/** Nobody waits longer than this for so long: the load is kept up with. */
const CALM_GAP_MS = 200;
const CALM_MS = 1000;
const CALM_LIMIT_MS = 60_000;

export const failoverRow: Row = {
  name: 'failover',
  what: `kill -9 of a leader under load (${RATE} commands/s), longest gap that any client sees`,
  ...{ unit: 'ms', better: 'less', bar: 1000, aim: 300 },
  run: async (setting) => {
    const { options, resources, progress } = setting;
    const cluster = await setting.peers.cluster();
    const probes = await startProbes(setting, cluster.urls);
    const load = startLoad(
      await startKvLoad(setting, cluster.urls, { rate: RATE, batch: BATCH, outstanding: OUTSTANDING }),
    );
    resources.onClose(() => load.stop());
    const gaps: number[][] = Array.from({ length: STREAMS + 1 }, () => []);
    const backs: number[] = [];
    for (let kill = 1; kill <= options.kills; kill++) {
      const group = (kill - 1) % gaps.length;
      const { gap, back } = await killLeader(cluster, group, probes);
      gaps[group]?.push(gap);
      backs.push(back);
      progress(
        `kill ${kill} of ${options.kills}, leader of group ${group}: longest gap ${figureText(gap)} ms, ` +
          `${figureText(back)} ms while it came back`,
      );
    }
    await load.stop();
    return {
      figure: spreadOf(gaps.flat()),
      details: [
        ...gaps.flatMap((seen, group) =>
          seen.length === 0 ? [] : [{ what: `leader of group ${group}`, unit: 'ms', spread: spreadOf(seen) }],
        ),
        { what: 'from its start until it leads again', unit: 'ms', spread: spreadOf(backs) },
      ],
    };
  },
};

/** For each stream a client of its own, and one for commands of both. */
async function startProbes({ resources }: Setting, urls: readonly string[]): Promise<readonly AnswerGap[]> {
  const map = createPartitionMap({ streams: STREAMS });
  const names = Array.from({ length: 100 }, (_, at) => `user${at}`);
  const [first, second] = [1, 2].map((stream) => names.find((name) => map.streamOf(name) === stream));
  invariant(first !== undefined && second !== undefined, 'each stream owns some of a hundred keys');
  const keys = [[first], [second], [first, second]] as const;
  const probes = await Promise.all(keys.map((each) => AnswerGap.start(urls, each)));
  for (const probe of probes) resources.onClose(() => probe.stop());
  return probes;
}

/** The longest gaps, ms: after its end, and while it comes back. */
async function killLeader(
  cluster: ReplicaProcesses,
  group: number,
  probes: readonly AnswerGap[],
): Promise<{ gap: number; back: number }> {
  await calm(probes);
  const leader = await cluster.leader(group);
  takeLongest(probes);
  await cluster.kill(leader);
  await pause(AFTER_KILL_MS);
  await Promise.all(probes.map((probe) => probe.nextAnswer()));
  const gap = takeLongest(probes);
  await cluster.run(leader);
  await cluster.settled(CAUGHT_UP_MS);
  return { gap, back: takeLongest(probes) };
}

function takeLongest(probes: readonly AnswerGap[]): number {
  return Math.max(...probes.map((probe) => probe.takeLongest()));
}

/** A gap is one's own: what queued up while the replica before was down and came back is answered first. */
async function calm(probes: readonly AnswerGap[]): Promise<void> {
  const deadline = performance.now() + CALM_LIMIT_MS;
  do {
    takeLongest(probes);
    await pause(CALM_MS);
    if (performance.now() > deadline)
      throw new PsmrError('OVERLOADED', `The replicas do not keep up with ${RATE} commands/s: no gap can be told.`);
  } while (takeLongest(probes) > CALM_GAP_MS);
}

/** Runs until it is stopped. A failed command makes `stop` reject. */
function startLoad(clients: ClientFed): { stop(): Promise<void> } {
  const over = new AbortController();
  const running = (async (): Promise<void> => {
    while (!over.signal.aborted) await clients.run(CHUNK_S);
  })();
  running.catch(() => undefined);
  return {
    stop: () => {
      over.abort();
      return running;
    },
  };
}

export const rejoinRow: Row = {
  name: 'rejoin',
  what: 'a replica that was killed, from its start until it has executed all that it missed',
  ...{ unit: 's', better: 'less', bar: 10, aim: 3 },
  run: async (setting) => {
    const { options, progress } = setting;
    const cluster = await setting.peers.cluster();
    const load = await startKvLoad(setting, cluster.urls);
    const took: number[] = [];
    for (let round = 1; round <= options.rounds; round++) {
      const id = cluster.ids[round % cluster.ids.length] ?? 1;
      await cluster.kill(id);
      let missed = 0;
      while (missed < options.missed) missed += (await load.run(Math.min(CHUNK_S, options.seconds))).commands;
      const start = performance.now();
      await cluster.run(id);
      const served = (performance.now() - start) / 1000;
      await cluster.caughtUp(CAUGHT_UP_MS);
      const seconds = (performance.now() - start) / 1000;
      took.push(seconds);
      progress(
        `round ${round} of ${options.rounds}: replica ${id} missed ${figureText(missed)} commands, ` +
          `served after ${figureText(served)} s, had caught up after ${figureText(seconds)} s`,
      );
    }
    return { figure: spreadOf(took), details: [] };
  },
};
