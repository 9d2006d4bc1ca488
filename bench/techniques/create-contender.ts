import { PsmrError } from '../../src/errors.js';
import { loadService } from '../../src/service/load-service.js';
import { EngineTarget } from '../targets/engine-target.js';
import type { Target } from '../targets/target.js';
import { ThreadTarget } from '../targets/thread-target.js';
import type { BenchJob } from '../workloads/bench-job.js';
import { ClientFed } from './client-fed.js';
import { LogFed } from './log-fed.js';
import { logPlan } from './log-plans.js';
import type { Contender } from './technique.js';
import type { Variant } from './variant.js';

/** A technique set up for a job; nothing is started yet. Throws NOT_SUPPORTED for a technique that has no clients. */
export function createContender(variant: Variant, job: BenchJob): Contender {
  const { feed, connect } = job.options;
  if (feed === 'log') return logFed(variant, job);
  if (connect !== null) return new ClientFed(variant, job, { replicas: connect });
  return new ClientFed(variant, job, { target: targetOf(variant, job) });
}

export function logFed(variant: Variant, job: BenchJob): LogFed {
  return new LogFed(variant, job, async () => logPlan(variant.technique, job, await loadService(job.workload.service)));
}

function targetOf({ technique, durability, streams, recording }: Variant, { workload, options }: BenchJob): Target {
  const { service } = workload;
  switch (technique) {
    case 'smr':
    case 'p-smr': {
      const { data: dataParent, outstanding } = options;
      return new EngineTarget({ service, streams, durability, dataParent, outstanding, recording });
    }
    case 'no-rep':
      return new ThreadTarget(new URL('../threads/direct-server.js', import.meta.url), service, streams);
    case 'sp-smr':
      return new ThreadTarget(new URL('../threads/scheduler-server.js', import.meta.url), service, streams);
    case 'plain-loop':
      throw new PsmrError('NOT_SUPPORTED', 'plain-loop has no clients: it is fed from a log. Use --feed log.');
  }
}
