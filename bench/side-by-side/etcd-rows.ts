import { ClosedLoad } from '../peers/closed-load.js';
import { connectEtcd } from '../peers/etcd-clients.js';
import { kvSets } from '../peers/kv-sets.js';
import { connectionsOf } from './load-shape.js';
import type { PeerRow, Run, Setting } from './row.js';
import { runOf } from './turn.js';

const LOAD = { load: 'gRPC over HTTP/2 in Node, one thread', loadApart: true };
const COMMON = { class: 'replicated', programs: ['etcd'], ...LOAD } as const;
const PROMISES = { replicated: 'on 2 of 3 at least', onDisk: 'on 2 of 3', linearizable: 'yes' };

export const ETCD_ROWS: readonly PeerRow[] = [
  {
    ...{ name: 'etcd', ...COMMON, what: 'etcd, 3 members, a put each' },
    promises: { ...PROMISES, roundTrip: 'one' },
    start: (setting) => load(setting, 1),
  },
  {
    ...{ name: 'etcd-transactions', ...COMMON, what: 'etcd, 3 members, transactions of puts' },
    promises: { ...PROMISES, roundTrip: 'a transaction (--batch)' },
    start: (setting) => load(setting, setting.options.batch),
  },
];

async function load({ options, resources, servers }: Setting, batch: number): Promise<Run> {
  const clients = await connectEtcd(await servers.etcd(), connectionsOf(options, batch));
  const closed = new ClosedLoad(clients, kvSets(options.keys), batch, options.outstanding);
  resources.onClose(() => closed.close());
  return runOf(closed);
}
