import { Classifier } from '../../src/classifier/classify.js';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { loadService } from '../../src/service/load-service.js';
import { buildLogs } from '../logs/build-logs.js';
import { routerOf } from '../logs/route.js';
import { type LoadProfile, profileOf } from '../model/load-profile.js';
import type { BenchOptions } from '../options/bench-options.js';
import { createJob } from '../workloads/bench-job.js';

/** How the commands of such a run lie on its streams: counted in the first of them, nothing is executed. */
export async function profileRun(options: BenchOptions, commandsMax: number): Promise<LoadProfile> {
  const { streams, batch } = options;
  const map = createPartitionMap({ streams });
  const job = createJob({ options, map: map.toJson(), spinsPerUs: 0, commandsMax });
  const route = routerOf(await loadService(job.workload.service), new Classifier(map));
  return profileOf(buildLogs(job.commands, route, { streams, epoch: map.epoch, batch }));
}
