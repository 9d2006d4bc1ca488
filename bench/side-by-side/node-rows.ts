/** What Node itself does, without any server. */
import { ClosedLoad } from '../peers/closed-load.js';
import { kvSets, setOf } from '../peers/kv-sets.js';
import { LatencyRecorder } from '../measure/latency-recorder.js';
import { callsOf } from './load-shape.js';
import { dividedByPool, piscinaPools } from './piscina-pools.js';
import type { PeerRow, Run, Setting } from './row.js';
import { turnOf } from './turn.js';

/** Between two looks at the clock. */
const LAP = 1000;
const PROMISES = { replicated: 'no', onDisk: 'no' };
const POOLS = { ...PROMISES, linearizable: 'per key: nothing orders two threads' };
const POOL_LOAD = { load: 'the thread that feeds the pool', loadApart: false };

export const NODE_ROWS: readonly PeerRow[] = [
  {
    ...{ name: 'map-loop', class: 'bare', programs: [], load: 'itself: there are no clients', loadApart: false },
    what: 'a loop over a Map in one thread of Node',
    promises: { ...PROMISES, linearizable: 'yes: one thread', roundTrip: 'none: a call of a function' },
    start: ({ options }) => Promise.resolve(mapLoop(options.keys)),
  },
  {
    ...{ name: 'piscina', class: 'memory', programs: [], ...POOL_LOAD },
    what: 'piscina, 2 threads with a Map each, a task per command',
    promises: { ...POOLS, roundTrip: 'one' },
    start: (setting) => Promise.resolve(pools(setting, 1, callsOf(setting.options, 1))),
  },
  {
    ...{ name: 'piscina-batches', class: 'memory', programs: [], ...POOL_LOAD },
    what: 'the same, a task per batch',
    promises: { ...POOLS, roundTrip: 'a batch per task (--batch)' },
    start: (setting) => Promise.resolve(pools(setting, setting.options.batch, 1)),
  },
];

function mapLoop(keys: number): Run {
  const sets = kvSets(keys).map(setOf);
  const state = new Map<string, string>();
  let next = 0;
  return (seconds) => {
    const start = performance.now();
    let commands = 0;
    while (performance.now() < start + seconds * 1000) {
      for (let left = LAP; left > 0; left--) {
        const set = sets[next];
        next = (next + 1) % sets.length;
        if (set !== undefined) state.set(set.key, set.value);
      }
      commands += LAP;
    }
    const taken = (performance.now() - start) / 1000;
    return Promise.resolve({ commandsPerSecond: commands / taken, p50Ms: null, p99Ms: null });
  };
}

/** Both at the same time, with half of the unanswered commands each. */
function pools({ options, resources }: Setting, batch: number, tasksMax: number): Run {
  const clients = piscinaPools(tasksMax);
  const parts = dividedByPool(kvSets(options.keys));
  const each = Math.max(batch, Math.floor(options.outstanding / clients.length));
  const loads = clients.flatMap((client, at) => {
    const part = parts[at] ?? [];
    return part.length === 0 ? [] : [new ClosedLoad([client], part, batch, each)];
  });
  for (const client of clients) resources.onClose(() => client.close());
  return async (seconds) => {
    const samples = await Promise.all(loads.map((load) => load.run(seconds)));
    const latencies = new LatencyRecorder();
    for (const sample of samples) if (sample.latencies !== null) latencies.add(sample.latencies);
    const commands = samples.reduce((sum, sample) => sum + sample.commands, 0);
    return turnOf({ commands, seconds: Math.max(...samples.map((sample) => sample.seconds)), latencies });
  };
}
