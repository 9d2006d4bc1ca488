/** Where a command goes, decided by its caller: no server looks at a command before its stream's worker does. */
import { Classifier } from '../classifier/classify.js';
import type { PartitionMap } from '../classifier/partition-map.js';
import { PsmrError } from '../errors.js';
import { type Command, isEveryKey, type Service } from '../service/command.js';
import { checkArguments } from '../service/arguments.js';
import type { StreamMask } from '../transport/frames.js';
import type { CommandType } from './command-queue.js';

/** The same object at each call: read it at once. */
export interface Route {
  readonly type: CommandType;
  /** The stream of a single-stream command; 0: the sync group. */
  readonly group: number;
  /** All destination streams. */
  readonly mask: StreamMask;
}

export interface Router {
  /** Of the partition map that it goes by. */
  readonly epoch: number;
  /** Throws UNKNOWN_COMMAND, INVALID_ARGUMENTS or INVALID_KEYS. */
  route(name: string, args: unknown): Route;
}

interface KnownCommand extends CommandType {
  readonly command: Command;
}

export class CommandRouter implements Router {
  readonly epoch: number;
  readonly #service: string;
  readonly #commands: ReadonlyMap<string, KnownCommand>;
  readonly #classifier: Classifier;
  readonly #route: { type: CommandType; group: number; mask: StreamMask };

  constructor(service: Service, map: PartitionMap) {
    this.epoch = map.epoch;
    this.#service = service.name;
    this.#commands = new Map(Object.entries(service.commands).map(([name, command]) => [name, know(name, command)]));
    this.#classifier = new Classifier(map);
    this.#route = { type: { name: '', readOnly: false, everyKey: false }, group: 0, mask: { low: 0, high: 0 } };
  }

  route(name: string, args: unknown): Route {
    const known = this.#commands.get(name);
    if (known === undefined) throw this.#unknown(name);
    checkArguments(name, args);
    const { group, mask } = this.#classifier.classify(name, known.command, args);
    const route = this.#route;
    route.type = known;
    route.group = group;
    route.mask = mask;
    return route;
  }

  #unknown(name: string): PsmrError {
    const names = [...this.#commands.keys()].join(', ');
    return new PsmrError('UNKNOWN_COMMAND', `Service '${this.#service}' has no command '${name}'. It has: ${names}.`);
  }
}

function know(name: string, command: Command): KnownCommand {
  return { name, readOnly: command.readOnly === true, everyKey: isEveryKey(command), command };
}
