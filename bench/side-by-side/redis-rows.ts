import { PipelinedSets } from '../peers/pipelined-sets.js';
import { startRedisTrio } from '../peers/redis-trio.js';
import { IN_MEMORY, redisFiguresOf, runRedisBenchmark, startRedis, syncedTo } from '../peers/redis-server.js';
import { callsOf } from './load-shape.js';
import type { PeerRow, Run, Setting, Turn } from './row.js';
import { runOf } from './turn.js';

/** redis-benchmark is told a number of requests, not a time: the rate of the run before says how many. */
const FIRST_REQUESTS = 20_000;
const OWN_LOAD = { load: 'redis-benchmark, one thread; a pipeline is as late as its first answer', loadApart: true };
const PIPELINED = 'a pipeline (--batch)';

export const REDIS_ROWS: readonly PeerRow[] = [
  {
    ...{ name: 'redis-memory', class: 'memory', programs: ['redis-server', 'redis-benchmark'], ...OWN_LOAD },
    what: 'Redis in memory',
    promises: { replicated: 'no', onDisk: 'no', linearizable: 'yes, while the process lives', roundTrip: PIPELINED },
    start: (setting) => alone(setting, IN_MEMORY),
  },
  {
    ...{ name: 'redis-disk', class: 'disk', programs: ['redis-server', 'redis-benchmark'], ...OWN_LOAD },
    what: 'Redis, appendfsync always',
    promises: { replicated: 'no', onDisk: 'yes', linearizable: 'yes', roundTrip: PIPELINED },
    start: async (setting) => alone(setting, syncedTo(await setting.resources.directory())),
  },
  {
    ...{ name: 'redis-replicas', class: 'replicated', programs: ['redis-server'] },
    what: 'Redis with two replicas, appendfsync always, WAIT 1 after each pipeline',
    loadApart: true,
    load: 'plain sockets in Node, prepared bytes, one thread; redis-benchmark knows no WAIT',
    promises: {
      replicated: '1 of 2 replicas has it',
      onDisk: 'on the first; replicas sync too, but WAIT does not ask whether they have',
      linearizable: 'no: a failover may lose answered writes',
      roundTrip: PIPELINED,
    },
    start: async ({ options, resources }) => {
      const port = await startRedisTrio(resources);
      const { batch, keys } = options;
      const sets = await PipelinedSets.connect({ port, connections: callsOf(options, batch), pipeline: batch, keys });
      resources.onClose(() => sets.close());
      return runOf(sets);
    },
  },
];

async function alone({ options, resources }: Setting, how: readonly string[]): Promise<Run> {
  const port = await startRedis(resources, how);
  const { batch, keys } = options;
  const load = { port, tests: 'set', connections: callsOf(options, batch), pipeline: batch, keys } as const;
  const run = async (requests: number): Promise<Turn> =>
    redisFiguresOf(await runRedisBenchmark({ ...load, requests }), 'SET');
  let rate = (await run(FIRST_REQUESTS)).commandsPerSecond;
  return async (seconds) => {
    const turn = await run(Math.ceil(rate * seconds));
    rate = turn.commandsPerSecond;
    return turn;
  };
}
