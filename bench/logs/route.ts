import type { Classifier } from '../../src/classifier/classify.js';
import { CommandTable } from '../../src/execution/command-table.js';

import { isEveryKey, type Service } from '../../src/service/command.js';
import type { StreamMask } from '../../src/transport/frames.js';
import type { BenchCommand } from '../workloads/workload.js';

/** Where a command goes, as the header of its segment says it. */
export interface Route {
  /** 1..K, or 0: the sync group. */
  readonly group: number;
  readonly mask: StreamMask;
  readonly everyKey: boolean;
  readonly readOnly: boolean;
}

export type Router = (command: BenchCommand) => Route;

/** Routes as a client of that service does. The router throws UNKNOWN_COMMAND, INVALID_ARGUMENTS, INVALID_KEYS. */
export function routerOf(service: Service, classifier: Classifier): Router {
  const table = new CommandTable(service);
  return ([name, args]) => {
    const { readOnly, keyed, everyKey } = table.find(name);
    const command = keyed ?? everyKey;
    return { ...classifier.classify(name, command, args), everyKey: isEveryKey(command), readOnly };
  };
}
