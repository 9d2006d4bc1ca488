/** Rows about how long a command takes. */
import { spreadOf } from '../measure/spread.js';
import type { LatencySummary } from '../measure/latency-recorder.js';
import type { Sample } from '../techniques/technique.js';
import { startKvLoad } from '../peers/kv-load.js';
import { PipelinedSets } from '../peers/pipelined-sets.js';
import type { Row } from './row.js';
import { ratioOf, takeTurns } from '../measure/turns.js';

const US_PER_MS = 1000;
/**
 * V8 compiles what calls need after thousands of them: by the count, since a machine that is half as fast needs twice the
 * time. Where one command follows the other.
 */
const WARM_COMMANDS = 12_000;
/** Where calls are due at a rate. */
const WARM_CALLS = 4000;
const WARM_TURNS_MAX = 30;

export const oneRow: Row = {
  name: 'one',
  what: 'one outstanding command, median latency, over that of Redis with one SET and WAIT 1',
  ...{ unit: '', better: 'less', bar: 1.5, aim: 0.8 },
  run: async (setting) => {
    const { options, resources, progress } = setting;
    const { seconds, rounds, keys } = options;
    const port = await setting.peers.redis();
    const redis = await PipelinedSets.connect({ port, connections: 1, pipeline: 1, keys });
    resources.onClose(() => redis.close());
    const cluster = await setting.peers.cluster();
    const psmr = await startKvLoad(setting, cluster.urls, { clients: 1, batch: 1, outstanding: 1 });
    const contenders = {
      psmr: async () => latencyMs(await psmr.run(seconds)).p50,
      redis: async () => latencyMs(await redis.run(seconds)).p50,
    };
    await redis.run(seconds);
    await warmUp(() => psmr.run(seconds), WARM_COMMANDS, progress);
    const turns = await takeTurns(contenders, rounds, progress);
    return {
      figure: ratioOf(turns.psmr, turns.redis),
      details: [
        { what: 'psmr p50', unit: 'ms', spread: spreadOf(turns.psmr) },
        { what: 'redis p50', unit: 'ms', spread: spreadOf(turns.redis) },
      ],
    };
  },
};

export const halfLoadRow: Row = {
  name: 'half-load',
  what: 'p99 at half of the maximum load, from when a command was due',
  ...{ unit: 'ms', better: 'less', bar: 20, aim: 5 },
  run: async (setting) => {
    const { options, progress } = setting;
    const { seconds, rounds } = options;
    const cluster = await setting.peers.cluster();
    const full = await startKvLoad(setting, cluster.urls);
    const rate = async (): Promise<number> => {
      const sample = await full.run(seconds);
      return sample.commands / sample.seconds;
    };
    await rate();
    const { maximum } = await takeTurns({ maximum: rate }, rounds, progress);
    const half = Math.round(spreadOf(maximum).median / 2);
    progress(`half of the maximum: ${half} commands/s`);
    const load = await startKvLoad(setting, cluster.urls, { rate: half });
    await warmUp(() => load.run(seconds), WARM_CALLS * options.batch, progress);
    const summaries: LatencySummary[] = [];
    const p99 = async (): Promise<number> => {
      const summary = latencyMs(await load.run(seconds));
      summaries.push(summary);
      return summary.p99;
    };
    const turns = await takeTurns({ p99 }, rounds, progress);
    const detail = (
      what: 'p50' | 'p999' | 'max',
    ): { what: string; unit: string; spread: ReturnType<typeof spreadOf> } => ({
      ...{ what, unit: 'ms' },
      spread: spreadOf(summaries.map((summary) => summary[what])),
    });
    return {
      figure: spreadOf(turns.p99),
      details: [
        { what: 'maximum', unit: 'commands/s', spread: spreadOf(maximum) },
        { what: 'half', unit: 'commands/s', spread: spreadOf([half]) },
        ...[detail('p50'), detail('p999'), detail('max')],
      ],
    };
  },
};

async function warmUp(run: () => Promise<Sample>, commands: number, progress: (line: string) => void): Promise<void> {
  let done = 0;
  for (let turn = 0; turn < WARM_TURNS_MAX && done < commands; turn++) {
    progress(`warming up: ${done} of ${commands} commands`);
    done += (await run()).commands;
  }
}

function latencyMs({ latencies }: Sample): LatencySummary {
  const summary = latencies?.summary() ?? { p50: 0, p90: 0, p99: 0, p999: 0, max: 0 };
  const [p50, p90, p99] = [summary.p50 / US_PER_MS, summary.p90 / US_PER_MS, summary.p99 / US_PER_MS];
  return { p50, p90, p99, p999: summary.p999 / US_PER_MS, max: summary.max / US_PER_MS };
}
