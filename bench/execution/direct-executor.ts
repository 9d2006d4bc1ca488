import type { PartitionMap } from '../../src/classifier/partition-map.js';
import { BatchRunner } from '../../src/execution/batch-runner.js';
import { decodeCommandBatch } from '../../src/execution/command-batch.js';
import { CommandRunner, StreamValues, type Place } from '../../src/execution/command-runner.js';
import { CommandTable } from '../../src/execution/command-table.js';
import { ResultBatch } from '../../src/execution/result-batch.js';
import type { Service } from '../../src/service/command.js';
import type { DeterminismGuard } from '../../src/service/determinism-guard.js';
import type { CommandsFrame } from '../../src/transport/frames.js';

/**
 * Commands as they come, on one thread: decode, call the handler, next. No log entries, merge points or sessions; the
 * handlers are called by the engine's own runner, so that their cost is the same.
 */
export class DirectExecutor {
  readonly values: StreamValues;
  readonly #batches: BatchRunner;
  #frames = 0;

  /** `map`: of one stream, which holds every key. */
  constructor(service: Service, map: PartitionMap, guard: DeterminismGuard) {
    this.values = new StreamValues(map);
    const runner = new CommandRunner(map, 1, guard, null);
    this.#batches = new BatchRunner(1, map, new CommandTable(service), runner, this.values);
  }

  execute(frame: CommandsFrame, timestampMs: number): ResultBatch {
    const place: Place = { group: 1, index: ++this.#frames, timestampMs };
    const results = new ResultBatch();
    for (const { body, count } of frame.segments) {
      this.#batches.run(decodeCommandBatch(body, count), place, results.values.length, results, false);
    }
    return results;
  }
}
