/** Rows that compare commands per second. */
import { spreadOf } from '../measure/spread.js';
import { ServedKv } from '../redis/served-kv.js';
import type { Sample } from '../techniques/technique.js';
import { EtcdPuts } from './etcd-puts.js';
import { startEtcdTrio } from './etcd-trio.js';
import { kvOptions, startKvLoad } from './kv-load.js';
import { PipelinedSets } from './pipelined-sets.js';
import { ReplicaProcesses } from './replica-processes.js';
import type { Measured, Row, Setting } from './row.js';
import { ratioOf, takeTurns } from './turns.js';

/** As the comparisons are defined. */
const CONNECTIONS = 50;
const PIPELINE = 100;
const ETCD_OUTSTANDING = 1000;
const more = { unit: '', better: 'more' } as const;

export const throughputRow: Row = {
  ...{ name: 'throughput', ...more, bar: 1, aim: 3 },
  what: 'writes by batching clients on three replicas, over Redis with two replicas, appendfsync always, WAIT 1',
  run: async (setting) => {
    const { options, resources } = setting;
    const port = await setting.peers.redis();
    const wish = { port, connections: CONNECTIONS, pipeline: PIPELINE, keys: options.keys };
    const redis = await PipelinedSets.connect(wish);
    resources.onClose(() => redis.close());
    return overPeer(setting, 'redis', (seconds) => redis.run(seconds).then(rate));
  },
};

export const etcdRow: Row = {
  ...{ name: 'etcd', ...more, bar: 40, aim: 150 },
  what: `the same, over puts on three members of etcd, ${ETCD_OUTSTANDING} outstanding`,
  run: async (setting) => {
    const url = await startEtcdTrio(setting.resources);
    const etcd = await EtcdPuts.connect({ url, outstanding: ETCD_OUTSTANDING, keys: setting.options.keys });
    setting.resources.onClose(() => etcd.close());
    return overPeer(setting, 'etcd', (seconds) => etcd.run(seconds).then(rate));
  },
};

export const memoryRow: Row = {
  ...{ name: 'memory', ...more, bar: 0.15, aim: 0.3 },
  what: 'the same, over one psmr in memory that is not replicated',
  run: async (setting) => {
    const served = new ServedKv(kvOptions(setting.options, {}));
    setting.resources.onClose(() => served.stop());
    await served.start();
    return overPeer(setting, 'unreplicated', (seconds) => served.run(seconds));
  },
};

export const readsRow: Row = {
  ...{ name: 'reads', ...more, bar: 3, aim: 6 },
  what: 'read-only commands by lease, over logged ones',
  run: async (setting) => {
    const { options, resources } = setting;
    const cluster = await ReplicaProcesses.start(options, resources, 'lease');
    const writes = await startKvLoad(setting, cluster.urls);
    const reads = await startKvLoad(setting, cluster.urls, { mix: 'c' });
    return compare(setting, {
      reads: () => reads.run(options.seconds).then(rate),
      writes: () => writes.run(options.seconds).then(rate),
    });
  },
};

async function overPeer(setting: Setting, name: string, peer: (seconds: number) => Promise<number>): Promise<Measured> {
  const { seconds } = setting.options;
  const cluster = await setting.peers.cluster();
  const load = await startKvLoad(setting, cluster.urls);
  return compare(setting, { psmr: () => load.run(seconds).then(rate), [name]: () => peer(seconds) });
}

/** The first over the second. */
async function compare(
  { options, progress }: Setting,
  contenders: Readonly<Record<string, () => Promise<number>>>,
): Promise<Measured> {
  // Compilers and caches settle.
  for (const run of Object.values(contenders)) await run();
  const turns = Object.entries(await takeTurns(contenders, options.rounds, progress));
  const details = turns.map(([what, rates]) => ({ what, unit: 'commands/s', spread: spreadOf(rates) }));
  const [first = [], second = []] = turns.map(([, rates]) => rates);
  return { figure: ratioOf(first, second), details };
}

function rate({ commands, seconds }: Sample): number {
  return commands / seconds;
}
