/** Rows that compare commands per second. */
import { spreadOf } from '../measure/spread.js';
import { rateOf } from '../techniques/technique.js';
import { ClosedLoad } from '../peers/closed-load.js';
import { connectEtcd } from '../peers/etcd-clients.js';
import { startEtcdTrio } from '../peers/etcd-trio.js';
import { startKvLoad, STREAMS } from '../peers/kv-load.js';
import { kvSets } from '../peers/kv-sets.js';
import { PipelinedSets } from '../peers/pipelined-sets.js';
import { ReplicaProcesses } from '../peers/replica-processes.js';
import { startServedKv } from '../peers/served-kv.js';
import type { Measured, Row, Setting } from './row.js';
import { ratioOf, takeTurns } from '../measure/turns.js';

/** As the comparisons are defined. */
const CONNECTIONS = 50;
const PIPELINE = 100;
const ETCD_OUTSTANDING = 1000;
const ETCD_CONNECTIONS = 10;
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
    return overPeer(setting, 'redis', (seconds) => redis.run(seconds).then(rateOf));
  },
};

export const etcdRow: Row = {
  ...{ name: 'etcd', ...more, bar: 40, aim: 150 },
  what: `the same, over puts on three members of etcd, ${ETCD_OUTSTANDING} outstanding`,
  run: async (setting) => {
    const url = await startEtcdTrio(setting.resources);
    const clients = await connectEtcd(url, ETCD_CONNECTIONS);
    const etcd = new ClosedLoad(clients, kvSets(setting.options.keys), 1, ETCD_OUTSTANDING);
    setting.resources.onClose(() => etcd.close());
    return overPeer(setting, 'etcd', (seconds) => etcd.run(seconds).then(rateOf));
  },
};

export const memoryRow: Row = {
  ...{ name: 'memory', ...more, bar: 0.15, aim: 0.3 },
  what: 'the same, over one psmr in memory that is not replicated',
  run: async (setting) => {
    const url = await startServedKv(setting.resources, STREAMS, null);
    const load = await startKvLoad(setting, [url], {}, setting.options.clients);
    return overPeer(setting, 'unreplicated', (seconds) => load.run(seconds).then(rateOf));
  },
};

export const readsRow: Row = {
  ...{ name: 'reads', ...more, bar: 3, aim: 6 },
  what: 'read-only commands by lease, over logged ones',
  run: async (setting) => {
    const { options, resources } = setting;
    const cluster = await ReplicaProcesses.start(resources, options.profile, 'lease');
    const writes = await startKvLoad(setting, cluster.urls);
    const reads = await startKvLoad(setting, cluster.urls, { mix: 'c' });
    return compare(setting, {
      reads: () => reads.run(options.seconds).then(rateOf),
      writes: () => writes.run(options.seconds).then(rateOf),
    });
  },
};

async function overPeer(setting: Setting, name: string, peer: (seconds: number) => Promise<number>): Promise<Measured> {
  const { seconds } = setting.options;
  const cluster = await setting.peers.cluster();
  const load = await startKvLoad(setting, cluster.urls);
  return compare(setting, { psmr: () => load.run(seconds).then(rateOf), [name]: () => peer(seconds) });
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
