import { describe, expect, test } from 'vitest';
import { buildLogs } from '../../bench/logs/build-logs.js';
import { routerOf } from '../../bench/logs/route.js';
import kv from '../../bench/services/kv.js';
import { PlainLoop } from '../../bench/techniques/plain-loop.js';
import { kvWorkload, KV_MIXES } from '../../bench/workloads/kv.js';
import { randomSource } from '../../bench/workloads/random-source.js';
import { Classifier } from '../../src/classifier/classify.js';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { asService } from '../../src/service/define-service.js';
import { take, workloadOptions } from './bench-setting.js';
import { SequentialModel } from './sequential-model.js';

describe('the plain loop', () => {
  test.each(KV_MIXES)('executes mix %s like the service itself', async (mix) => {
    const workload = kvWorkload(mix);
    const options = workloadOptions({ cross: 0.2, work: 1 });
    const load = [...workload.load(options)];
    const commands = take(workload.generate(options, randomSource(5)), 200);

    const map = createPartitionMap({ streams: 1 });
    const router = routerOf(asService(kv), new Classifier(map));
    const build = (list: typeof load) =>
      buildLogs(list, router, { streams: 1, epoch: map.epoch, batch: 16 }).groups[1] ?? [];
    // The clock moves on once per entry: a run of that many "seconds" is one lap of the log.
    const log = build(commands);
    let nowMs = 0;
    const loop = new PlainLoop(build(load), log, () => nowMs++);
    await loop.prepare();
    expect(await loop.run(log.length / 1000)).toMatchObject({ commands: commands.length, latencies: null });

    const model = new SequentialModel(asService(kv));
    for (const command of [...load, ...commands]) model.execute(command);
    expect(new Map([...loop.state].toSorted())).toEqual(new Map([...model.values].toSorted()));
  });
});
