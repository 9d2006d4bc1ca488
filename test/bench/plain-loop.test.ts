import { describe, expect, test } from 'vitest';
import { executePlainly, type PlainValues } from '../../bench/execution/plain-loop.js';
import { buildLogs } from '../../bench/logs/build-logs.js';
import { routerOf } from '../../bench/logs/route.js';
import kv from '../../bench/services/kv.js';
import { kvWorkload, KV_MIXES } from '../../bench/workloads/kv.js';
import { randomSource } from '../../bench/workloads/random-source.js';
import { Classifier } from '../../src/classifier/classify.js';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { asService } from '../../src/service/define-service.js';
import { take, workloadOptions } from './bench-setting.js';
import { SequentialModel } from './sequential-model.js';

describe('the plain loop', () => {
  test.each(KV_MIXES)('executes mix %s like the service itself', (mix) => {
    const workload = kvWorkload(mix);
    const options = workloadOptions({ cross: 0.2, work: 1 });
    const commands = [...workload.load(options), ...take(workload.generate(options, randomSource(5)), 200)];
    const map = createPartitionMap({ streams: 1 });
    const router = routerOf(asService(kv), new Classifier(map));
    const log = buildLogs(commands, router, { streams: 1, epoch: map.epoch, batch: 16 }).groups[1] ?? [];

    const state: PlainValues = new Map();
    const results = log.flatMap((entry) => executePlainly(state, entry));

    const model = new SequentialModel(asService(kv));
    expect(results).toEqual(commands.map((command) => model.execute(command)));
    expect(new Map([...state].toSorted())).toEqual(new Map([...model.values].toSorted()));
  });
});
