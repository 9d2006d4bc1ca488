import type { LoadClient } from '../clients/batch-client.js';
import { ClosedLoad } from '../peers/closed-load.js';
import { kvSets } from '../peers/kv-sets.js';
import { connectCounters, connectPublishers } from '../peers/nats-clients.js';
import { startNatsTrio } from '../peers/nats-trio.js';
import { connectionsOf } from './load-shape.js';
import type { PeerRow, Run, Setting } from './row.js';
import { runOf } from './turn.js';

const ONE_BY_ONE = { load: 'its client for Node, one thread, an awaited publish per command', loadApart: true };
const COUNTED = { load: 'its client for Node, one thread, acknowledgements only counted', loadApart: true };
/** Publishing is ordered by Raft; what is read may come from a server that lags. */
const LINEARIZABLE = 'writes only: a read may be stale';
const MANY = 'many at once (--batch)';
const LATER = {
  replicated: 'on 2 of 3 at least',
  onDisk: 'no: synced every 2 minutes or so (sync_interval)',
  linearizable: LINEARIZABLE,
};

export const NATS_ROWS: readonly PeerRow[] = [
  {
    ...{ name: 'nats-always', class: 'replicated', programs: ['nats-server'], ...COUNTED },
    what: 'NATS JetStream R3, files, sync_interval always, the last message of each key kept',
    promises: { ...LATER, onDisk: 'on 2 of 3', roundTrip: MANY },
    start: async (setting) => {
      const { last } = await startNatsTrio(setting.resources, 'always');
      const { batch } = setting.options;
      return load(setting, await connectCounters(last, 'last', connectionsOf(setting.options, batch)), batch);
    },
  },
  {
    ...{ name: 'nats', class: 'replicated-later', programs: ['nats-server'], ...ONE_BY_ONE },
    what: 'NATS JetStream R3, files, the last message of each key kept',
    promises: { ...LATER, roundTrip: 'one' },
    start: async (setting) => {
      const { last } = await setting.servers.nats();
      return load(setting, await connectPublishers(last, 'last', connectionsOf(setting.options, 1)), 1);
    },
  },
  counted('nats-counted', 'last', 'the same, published without awaiting each'),
  counted('nats-log', 'all', 'the same, all messages kept: a log without keys'),
];

function counted(name: 'nats-counted' | 'nats-log', stream: 'last' | 'all', what: string): PeerRow {
  return {
    ...{ name, class: 'replicated-later', programs: ['nats-server'], ...COUNTED, what },
    promises: { ...LATER, roundTrip: MANY },
    start: async (setting) => {
      const { batch } = setting.options;
      const server = (await setting.servers.nats())[stream];
      return load(setting, await connectCounters(server, stream, connectionsOf(setting.options, batch)), batch);
    },
  };
}

function load({ options, resources }: Setting, clients: readonly LoadClient[], batch: number): Run {
  const closed = new ClosedLoad(clients, kvSets(options.keys), batch, options.outstanding);
  resources.onClose(() => closed.close());
  return runOf(closed);
}
