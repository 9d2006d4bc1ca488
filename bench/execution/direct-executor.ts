import type { PartitionMap } from '../../src/classifier/partition-map.js';
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
  readonly #runner: CommandRunner;
  readonly #table: CommandTable;
  #frames = 0;

  /** `map`: of one stream, which holds every key. */
  constructor(service: Service, map: PartitionMap, guard: DeterminismGuard) {
    this.values = new StreamValues(map);
    this.#runner = new CommandRunner(map, 1, guard);
    this.#table = new CommandTable(service);
  }

  execute(frame: CommandsFrame, timestampMs: number): ResultBatch {
    const place: Place = { group: 1, index: ++this.#frames, timestampMs };
    const results = new ResultBatch();
    for (const { body, count } of frame.segments) {
      const { names, indexes, args } = decodeCommandBatch(body, count);
      this.#runner.guarded(() => {
        for (let i = 0; i < count; i++) this.#executeOne(names[indexes[i] ?? 0] ?? '', args[i], place, results);
      });
    }
    return results;
  }

  #executeOne(name: string, args: unknown, place: Place, results: ResultBatch): void {
    try {
      const command = this.#table.find(name);
      const position = results.values.length;
      if (command.keyed === null) {
        return results.succeed(this.#runner.runWhole(command, args, this.values.own, place, position));
      }
      const keys = this.#runner.keysOf(command, args);
      results.succeed(this.#runner.runKeyed(command, args, keys, this.values, this.values, place, position));
    } catch (error) {
      results.fail(error);
    }
  }
}
