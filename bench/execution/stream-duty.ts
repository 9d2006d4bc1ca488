import type { PartitionMap } from '../../src/classifier/partition-map.js';
import { DEFAULT_LIMITS } from '../../src/config/limits.js';
import type { ExecutionRecorder } from '../../src/execution/execution-recorder.js';
import { StreamExecutor, type ExecutionCounts } from '../../src/execution/stream-executor.js';
import { ControlBlock } from '../../src/memory/control-block.js';
import { ExchangeLinks } from '../../src/replica/stream-links.js';
import type { DeterminismGuard } from '../../src/service/determinism-guard.js';
import type { Service } from '../../src/service/command.js';
import type { ResultCheck } from '../workloads/workload.js';
import type { Duty } from './duty.js';
import type { DutyTask } from './duty-thread.js';
import { LogPorts } from './log-ports.js';
import type { SourceEnd, StreamSource } from './stream-source.js';

export interface StreamDutyParts {
  readonly task: DutyTask;
  readonly service: Service;
  readonly map: PartitionMap;
  readonly guard: DeterminismGuard;
  readonly source: StreamSource;
  readonly check: ResultCheck;
  readonly recorder?: ExecutionRecorder | null;
}

/** One stream on the engine's own executor. */
export class StreamDuty implements Duty {
  readonly #source: StreamSource;
  readonly #ports: LogPorts;
  readonly #executor: StreamExecutor;
  readonly #check: ResultCheck;

  constructor({ task, service, map, guard, source, check, recorder = null }: StreamDutyParts) {
    const { group, memory } = task;
    this.#source = source;
    this.#check = check;
    this.#ports = new LogPorts(source, new ExchangeLinks(group, memory.links, new ControlBlock(memory.control)));
    const ports = this.#ports;
    const limits = DEFAULT_LIMITS;
    this.#executor = new StreamExecutor({ stream: group, service, map, guard, ports, limits, recorder });
  }

  get counts(): ExecutionCounts {
    return this.#executor.counts;
  }

  get lap(): number {
    return this.#source.lap;
  }

  step(): 'progress' | 'waiting' | SourceEnd {
    const outcome = this.#executor.step();
    if (outcome === 'progress') return 'progress';
    // Others may wait for values that found no room yet.
    this.#ports.flush();
    if (outcome !== 'idle') return 'waiting';
    return this.#ports.clear ? (this.#source.end ?? 'waiting') : 'waiting';
  }

  goOn(): void {
    this.#source.goOn();
  }

  finishAfter(lap: number): void {
    this.#ports.checkResults(this.#check);
    this.#source.finishAfter(lap);
  }

  state(): Iterable<readonly [string, unknown]> {
    return this.#executor.values.own.entries();
  }
}
