import { decodeCommandsFrame } from '../../src/transport/frames.js';
import type { LogEntry } from '../logs/ordered-logs.js';
import type { ResultCheck } from '../workloads/workload.js';
import type { DirectExecutor } from './direct-executor.js';
import { LapDuty, type OrderedLog } from './lap-duty.js';
import { checkReply } from './result-checker.js';

const TIMESTAMP_MS = 1;

/** no-rep: the batches of a log, executed as they come. */
export class DirectDuty extends LapDuty {
  readonly #executor: DirectExecutor;
  readonly #check: ResultCheck;
  #checking = false;

  constructor(log: OrderedLog, executor: DirectExecutor, check: ResultCheck) {
    super(log);
    this.#executor = executor;
    this.#check = check;
  }

  override finishAfter(lap: number): void {
    this.#checking = true;
    super.finishAfter(lap);
  }

  override state(): Iterable<readonly [string, unknown]> {
    return this.#executor.values.own.entries();
  }

  protected override execute({ frames }: LogEntry): void {
    for (const bytes of frames) {
      const frame = decodeCommandsFrame(bytes);
      const results = this.#executor.execute(frame, TIMESTAMP_MS);
      this.counts.commands += results.values.length;
      this.counts.failedCommands += results.failed;
      if (this.#checking) checkReply(frame.segments, results.encode(1, 0, 0), this.#check);
    }
  }
}
