/** Thread entry point: one stream that executes prebuilt logs. Hosted by piscina. */
import type { MessagePort } from 'node:worker_threads';
import { PartitionMap, type PartitionMapJson } from '../../src/classifier/partition-map.js';
import { DEFAULT_LIMITS } from '../../src/config/limits.js';
import { StreamExecutor } from '../../src/execution/stream-executor.js';
import { ControlBlock, EngineState } from '../../src/memory/control-block.js';
import { Counters } from '../../src/memory/counters.js';
import { DutyCycle, type PollOutcome } from '../../src/replica/duty-cycle.js';
import type { EngineMemory } from '../../src/replica/engine-memory.js';
import { ExchangeLinks } from '../../src/replica/stream-links.js';
import { installDeterminismGuard } from '../../src/service/determinism-guard.js';
import { loadService } from '../../src/service/load-service.js';
import { LogPorts, type StreamLogs } from '../techniques/log-ports.js';

export interface LogWorkerTask {
  readonly stream: number;
  readonly service: string;
  readonly map: PartitionMapJson;
  readonly memory: EngineMemory;
  readonly load: StreamLogs;
  readonly measured: StreamLogs;
  /** Int32: 1 while commands are to be executed. */
  readonly running: SharedArrayBuffer;
  readonly spinUs: number;
}

/** Steps between two looks at whether to go on. */
const STEPS_PER_POLL = 16;

export default async function run({ task, port }: { task: LogWorkerTask; port: MessagePort }): Promise<void> {
  const guard = installDeterminismGuard();
  const map = PartitionMap.fromJson(task.map);
  const control = new ControlBlock(task.memory.control);
  const counters = new Counters(task.memory.counters, task.stream);
  const running = new Int32Array(task.running);
  const ports = new LogPorts(
    task.stream,
    task.load,
    task.measured,
    new ExchangeLinks(task.stream, task.memory.links, control),
  );
  const executor = new StreamExecutor({
    stream: task.stream,
    service: await loadService(task.service),
    map,
    guard,
    ports,
    sessionLimits: DEFAULT_LIMITS,
  });
  let loading = true;
  await new Promise<void>((resolve, reject) => {
    const poll = (): PollOutcome => {
      if (control.state !== EngineState.running) {
        cycle.end();
        resolve();
        return 'park';
      }
      if (!loading && Atomics.load(running, 0) === 0) return 'park';
      for (let steps = 0; steps < STEPS_PER_POLL; steps++) {
        if (loading && ports.loaded) {
          loading = false;
          port.postMessage('loaded');
          return 'progress';
        }
        const outcome = executor.step();
        if (outcome !== 'progress') return steps > 0 ? 'progress' : 'spin';
      }
      counters.set('commands', executor.counts.commands);
      counters.set('rendezvous', executor.counts.rendezvous);
      return 'progress';
    };
    const cycle = new DutyCycle({ bell: control.bell(task.stream), poll, spinUs: task.spinUs, failed: reject });
    cycle.wake();
  });
  port.close();
}
