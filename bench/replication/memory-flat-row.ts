import { readFile } from 'node:fs/promises';
import { spreadOf, type Spread } from '../measure/spread.js';
import { startKvLoad } from '../peers/kv-load.js';
import type { Detail, Row } from './row.js';
import { figureText } from '../measure/turns.js';

const SAMPLE_S = 10;
/** The state is filled, compilers have settled, the first checkpoints are written, and allocators have met a backlog. Shorter runs warm up for as long as they take. */
const WARM_UP_S = 120;
/** Shorter runs are cut in so many pieces. */
const SAMPLES_MIN = 6;
const KIB_PER_MIB = 1024;
const S_PER_MINUTE = 60;

export const memoryFlatRow: Row = {
  name: 'memory-flat',
  what: 'memory of a replica at full load: mean of the last minute over that of the first, the worst replica',
  // Flat: within what a garbage collector leaves lying.
  ...{ unit: '', better: 'less', bar: 1.2, aim: 1.05 },
  run: async (setting) => {
    const { options, progress } = setting;
    const cluster = await setting.peers.cluster();
    const load = await startKvLoad(setting, cluster.urls);
    const seconds = options.minutes * S_PER_MINUTE;
    const sample = Math.min(SAMPLE_S, seconds / SAMPLES_MIN);
    const warmUp = Math.min(WARM_UP_S, seconds);
    progress(`warming up for ${figureText(warmUp)} s`);
    await load.run(warmUp);
    const seen = cluster.ids.map((): number[] => []);
    const rates: number[] = [];
    for (let at = 0; at < Math.round(seconds / sample); at++) {
      const { commands, seconds: taken } = await load.run(sample);
      rates.push(commands / taken);
      for (const [i, id] of cluster.ids.entries()) seen[i]?.push(await residentMib(cluster.pidOf(id)));
      const now = seen.map((each) => figureText(each.at(-1) ?? 0)).join(', ');
      progress(`after ${figureText((at + 1) * sample)} s: ${now} MiB at ${figureText(rates.at(-1) ?? 0)} commands/s`);
    }
    const inMinute = Math.max(1, Math.min(Math.floor(S_PER_MINUTE / sample), Math.floor(rates.length / 2)));
    const growth = seen.map((each) => mean(each.slice(-inMinute)) / mean(each.slice(0, inMinute)));
    const worst = Math.max(...growth);
    return {
      figure: { ...spreadOf(growth), median: worst },
      details: [
        { what: 'psmr', unit: 'commands/s', spread: spreadOf(rates) },
        ...seen.flatMap((each, i) => detailsOf(cluster.ids[i] ?? 0, each, inMinute, sample)),
      ],
    };
  },
};

function detailsOf(id: number, mib: readonly number[], inMinute: number, sampleS: number): Detail[] {
  const slope = slopeOf(mib) * (S_PER_MINUTE / sampleS);
  return [
    { what: `${id}: first minute`, unit: 'MiB', spread: spreadOf(mib.slice(0, inMinute)) },
    { what: `${id}: last minute`, unit: 'MiB', spread: spreadOf(mib.slice(-inMinute)) },
    { what: `${id}: slope`, unit: 'MiB/minute', spread: one(slope) },
  ];
}

/** Of the straight line that fits best, per step. */
export function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const level = mean(values);
  const over = values.reduce((sum, value, at) => sum + (at - middle) * (value - level), 0);
  const under = values.reduce((sum, _, at) => sum + (at - middle) ** 2, 0);
  return under === 0 ? 0 : over / under;
}

async function residentMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / KIB_PER_MIB;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function one(value: number): Spread {
  return { median: value, min: value, max: value };
}
