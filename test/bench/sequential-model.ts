import {
  isEveryKey,
  type CommandContext,
  type Partition,
  type Service,
  type State,
} from '../../src/service/command.js';
import { CommandTable } from '../../src/execution/command-table.js';
import type { BenchCommand } from '../../bench/workloads/workload.js';

const CONTEXT: CommandContext = { now: 0, random: () => 0, commandId: '0-0-0' };

/** A service executed one command after the other on a plain Map: what every other execution must equal. */
export class SequentialModel {
  readonly values = new Map<string, unknown>();
  readonly #service: Service;

  constructor(service: Service) {
    this.#service = service;
  }

  execute([name, args]: BenchCommand): unknown {
    const command = this.#service.commands[new CommandTable(this.#service).find(name).name];
    if (command === undefined) throw new Error(`no command ${name}`);
    if (!isEveryKey(command)) return command.execute(this.#state(), args, CONTEXT);
    return command.merge([command.partial(this.#partition(), args, CONTEXT)], args, CONTEXT);
  }

  #state(): State {
    const values = this.values;
    return {
      get: (key) => values.get(key) as never,
      has: (key) => values.has(key),
      set: (key, value) => void values.set(key, value),
      delete: (key) => void values.delete(key),
      publish: () => undefined,
    };
  }

  #partition(): Partition {
    return { ...this.#state(), entries: () => this.values.entries() as never };
  }
}
