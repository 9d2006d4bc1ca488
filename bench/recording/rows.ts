/** What recording costs: the same engine with it and without, in turns, in each kind of load. */
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { measureRounds, type Measurement } from '../measure/rounds.js';
import { type BenchOptions, parseBenchOptions } from '../options/bench-options.js';
import { createContender } from '../techniques/create-contender.js';
import { createJob } from '../workloads/bench-job.js';

export interface RecordingOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly streams: number;
  readonly keys: number;
  readonly commands: number;
}

export interface RecordingRow {
  readonly name: string;
  readonly off: Measurement;
  /** Its ratios are to `off`. */
  readonly on: Measurement;
}

/** Light commands all: recording weighs most where a command weighs least. */
const LOADS: readonly { readonly name: string; readonly options: Partial<Record<keyof BenchOptions, unknown>> }[] = [
  { name: 'from a log: kv, batches of 256', options: { workload: 'kv', feed: 'log' } },
  { name: 'from a log: kv, batches of 1', options: { workload: 'kv', feed: 'log', batch: 1 } },
  { name: 'from a log: bank, 1% cross-stream', options: { workload: 'bank', feed: 'log', cross: 0.01 } },
  { name: 'clients: kv, batches of 256', options: { workload: 'kv', feed: 'clients', clients: 2 } },
  { name: 'clients: kv, batches of 1', options: { workload: 'kv', feed: 'clients', clients: 2, batch: 1 } },
];

export async function compareRecording(
  { rounds, seconds, streams, keys, commands }: RecordingOptions,
  progress: (line: string) => void,
  interrupted: Promise<never>,
): Promise<RecordingRow[]> {
  const rows: RecordingRow[] = [];
  for (const { name, options: load } of LOADS) {
    progress(name);
    const options = parseBenchOptions({ ...load, technique: 'p-smr', streams, keys, rounds, seconds });
    const map = createPartitionMap({ streams }).toJson();
    const job = createJob({ options, map, spinsPerUs: 0, commandsMax: commands });
    const contenders = [false, true].map((recording) =>
      createContender({ technique: 'p-smr', durability: 'memory', streams, recording }, job),
    );
    const plan = { rounds, seconds, warmupSeconds: Math.min(2, seconds) };
    const [off, on] = await measureRounds(contenders, plan, progress, interrupted);
    if (off !== undefined && on !== undefined) rows.push({ name, off, on });
  }
  return rows;
}

export function recordingText(rows: readonly RecordingRow[]): string {
  const lines = rows.map(({ name, off, on }) => {
    const rate = ({ commandsPerSecond: { median, min, max } }: Measurement): string =>
      `${thousands(median)} (${thousands(min)}-${thousands(max)})`;
    const { min, max } = on.ratioRange;
    const ratio = `${on.ratioToFirst.toFixed(3)} (${min.toFixed(3)}-${max.toFixed(3)})`;
    return `${name.padEnd(36)} ${rate(off).padEnd(30)} ${rate(on).padEnd(30)} ${ratio}`;
  });
  const head = `${'load'.padEnd(36)} ${'off, k commands/s (min-max)'.padEnd(30)} ${'on'.padEnd(30)} on/off (by round)`;
  return `${[head, ...lines].join('\n')}\n`;
}

function thousands(rate: number): string {
  return Math.round(rate / 1000).toLocaleString('en-US');
}
