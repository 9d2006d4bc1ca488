/** The threads of each technique that is fed from logs, with the logs that they execute. */
import { Classifier } from '../../src/classifier/classify.js';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { PartitionMap } from '../../src/classifier/partition-map.js';
import type { Service } from '../../src/service/command.js';
import type { OrderedLog } from '../execution/lap-duty.js';
import { buildLogs } from '../logs/build-logs.js';
import type { OrderedLogs } from '../logs/ordered-logs.js';
import { routerOf } from '../logs/route.js';
import type { BenchJob } from '../workloads/bench-job.js';
import type { BenchCommand } from '../workloads/workload.js';
import type { DutySpec } from './log-fed.js';
import type { TechniqueName } from './technique.js';

/** Commands per entry of the logs that fill the state: nobody measures those. */
const LOAD_BATCH = 1000;

const moduleOf = (name: string): URL => new URL(`../threads/${name}.js`, import.meta.url);

/** `service` is the job's, loaded. */
export function logPlan(technique: TechniqueName, job: BenchJob, service: Service): readonly DutySpec[] {
  switch (technique) {
    case 'smr':
      return streamWorkers(job, service, ONE_STREAM);
    case 'p-smr':
      return streamWorkers(job, service, mapOf(job));
    case 'sp-smr':
      return schedulerAndWorkers(job, service);
    case 'no-rep':
      return [{ module: moduleOf('direct-worker'), group: 1, details: withMap(job, ONE_STREAM, oneLog(job, service)) }];
    case 'plain-loop':
      return [{ module: moduleOf('plain-worker'), group: 1, details: { log: oneLog(job, service) } }];
  }
}

const ONE_STREAM = createPartitionMap({ streams: 1 });

function mapOf({ recipe }: BenchJob): PartitionMap {
  return PartitionMap.fromJson(recipe.map);
}

function streamWorkers(job: BenchJob, service: Service, map: PartitionMap): DutySpec[] {
  const { load, measured } = logsOf(job, service, map);
  return Array.from({ length: map.streams }, (_, at) => {
    const stream = at + 1;
    const of = ({ groups }: OrderedLogs): object => ({ own: groups[stream] ?? [], sync: groups[0] ?? [] });
    const logs = { load: of(load), measured: of(measured) };
    return { module: moduleOf('log-worker'), group: stream, details: { ...withMap(job, map), ...logs } };
  });
}

function schedulerAndWorkers(job: BenchJob, service: Service): DutySpec[] {
  const map = mapOf(job);
  const scheduler = {
    module: moduleOf('scheduler-worker'),
    group: 0,
    details: withMap(job, map, oneLog(job, service)),
  };
  const workers = Array.from({ length: map.streams }, (_, at) => ({
    module: moduleOf('scheduled-worker'),
    group: at + 1,
    details: withMap(job, map),
  }));
  return [scheduler, ...workers];
}

function withMap({ workload, options }: BenchJob, map: PartitionMap, log?: OrderedLog): object {
  return { service: workload.service.href, workload: options.workload, map: map.toJson(), log };
}

function oneLog(job: BenchJob, service: Service): OrderedLog {
  const { load, measured } = logsOf(job, service, ONE_STREAM);
  return { load: load.groups[1] ?? [], measured: measured.groups[1] ?? [] };
}

function logsOf(job: BenchJob, service: Service, map: PartitionMap): { load: OrderedLogs; measured: OrderedLogs } {
  const route = routerOf(service, new Classifier(map));
  const build = (commands: Iterable<BenchCommand>, batch: number): OrderedLogs =>
    buildLogs(commands, route, { streams: map.streams, epoch: map.epoch, batch });
  return { load: build(job.load(), LOAD_BATCH), measured: build(job.commands, job.options.batch) };
}
