import { startKvLoad, STREAMS } from '../peers/kv-load.js';
import { startServedKv } from '../peers/served-kv.js';
import { clientsOf } from './load-shape.js';
import type { PeerRow, Run, Setting } from './row.js';
import { runOf } from './turn.js';

const LOAD = { load: "psmr's own client: 2 of them on one thread", loadApart: true };
const ORDERED = 'yes';
const WHILE_IT_LIVES = 'yes, while the process lives';
const BATCHED = 'a batch per call (--batch)';

export const PSMR_ROWS: readonly PeerRow[] = [
  {
    ...{ name: 'psmr-memory', class: 'memory', programs: [], ...LOAD },
    what: `psmr, one node in memory, ${STREAMS} streams`,
    promises: { replicated: 'no', onDisk: 'no', linearizable: WHILE_IT_LIVES, roundTrip: BATCHED },
    start: (setting) => alone(setting, null),
  },
  {
    ...{ name: 'psmr-disk', class: 'disk', programs: [], ...LOAD },
    what: `psmr, one node, durability sync, ${STREAMS} streams`,
    promises: { replicated: 'no', onDisk: 'yes', linearizable: ORDERED, roundTrip: BATCHED },
    start: async (setting) => alone(setting, await setting.resources.directory()),
  },
  {
    ...{ name: 'psmr-replicas', class: 'replicated', programs: [], ...LOAD },
    what: `psmr, three replicas, ${STREAMS} streams`,
    promises: { replicated: 'on 2 of 3 at least', onDisk: 'on 2 of 3', linearizable: ORDERED, roundTrip: BATCHED },
    start: (setting) => replicated(setting, setting.options.batch),
  },
  {
    ...{ name: 'psmr-replicas-calls', class: 'replicated', programs: [], ...LOAD },
    what: 'the same, a call per command',
    promises: { replicated: 'on 2 of 3 at least', onDisk: 'on 2 of 3', linearizable: ORDERED, roundTrip: 'one' },
    start: (setting) => replicated(setting, 1),
  },
];

async function alone(setting: Setting, data: string | null): Promise<Run> {
  const url = await startServedKv(setting.resources, STREAMS, data);
  return load(setting, [url], setting.options.batch);
}

async function replicated(setting: Setting, batch: number): Promise<Run> {
  return load(setting, await setting.servers.replicas(), batch);
}

async function load({ options, resources }: Setting, urls: readonly string[], batch: number): Promise<Run> {
  const size = { ...clientsOf(options, batch), keys: options.keys, batch };
  return runOf(await startKvLoad({ options: size, resources }, urls));
}
