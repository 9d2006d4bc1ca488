import { spreadOf } from '../measure/spread.js';
import { rateOf, startKvLoad } from './kv-load.js';
import { PipelinedSets } from './pipelined-sets.js';
import { startRedisTrio } from './redis-trio.js';
import { ReplicaProcesses } from './replica-processes.js';
import type { Row } from './row.js';
import { ratioOf, takeTurns } from './turns.js';

/** As the comparison is defined. */
const CONNECTIONS = 50;
const PIPELINE = 100;

export const throughputRow: Row = {
  name: 'throughput',
  what: 'three replicas, sync, writes by batching clients, over Redis with two replicas, appendfsync always, WAIT 1',
  unit: '',
  better: 'more',
  bar: 1,
  aim: 3,
  run: async (setting) => {
    const { options, resources, progress } = setting;
    const { seconds, rounds, keys } = options;
    const port = await startRedisTrio(setting);
    const sets = await PipelinedSets.connect({ port, connections: CONNECTIONS, pipeline: PIPELINE, keys });
    resources.onClose(() => sets.close());
    const cluster = await ReplicaProcesses.start(setting);
    const load = await startKvLoad(setting, cluster.urls);
    const contenders = {
      psmr: () => rateOf(load, seconds),
      redis: async () => {
        const sample = await sets.run(seconds);
        return sample.commands / sample.seconds;
      },
    };
    // Compilers and caches settle.
    for (const run of Object.values(contenders)) await run();
    const { psmr, redis } = await takeTurns(contenders, rounds, progress);
    return {
      figure: ratioOf(psmr, redis),
      details: [
        { what: 'psmr', unit: 'commands/s', spread: spreadOf(psmr) },
        { what: 'redis', unit: 'commands/s', spread: spreadOf(redis) },
      ],
    };
  },
};
