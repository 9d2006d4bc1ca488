import type { StreamMask } from '../../src/transport/frames.js';
import type { BenchCommand } from '../workloads/workload.js';

/** Where a command goes, as the header of its segment says it. */
export interface Route extends StreamMask {
  readonly everyKey: boolean;
  readonly readOnly: boolean;
}

export type Router = (command: BenchCommand) => Route;
