import { PsmrError } from '../errors.js';
import { isEveryKey, type Command, type EveryKeyCommand, type KeyedCommand, type Service } from '../service/command.js';

/** A command with what execution asks of it again and again. */
export type PreparedCommand =
  | (Described & { readonly everyKey: null; readonly keyed: KeyedCommand })
  | (Described & { readonly everyKey: EveryKeyCommand; readonly keyed: null });

interface Described {
  readonly name: string;
  /** Among the service's commands. */
  readonly place: number;
  readonly readOnly: boolean;
}

export class CommandTable {
  readonly #commands: ReadonlyMap<string, PreparedCommand>;
  readonly #service: string;

  constructor(service: Service) {
    this.#service = service.name;
    this.#commands = new Map(
      Object.entries(service.commands).map(([name, command], place) => [name, prepare({ name, place }, command)]),
    );
  }

  /** The command of that name; throws UNKNOWN_COMMAND. */
  find(name: string): PreparedCommand {
    const command = this.findOrError(name);
    if (command instanceof PsmrError) throw command;
    return command;
  }

  findOrError(name: string): PreparedCommand | PsmrError {
    return this.#commands.get(name) ?? this.#unknown(name);
  }

  #unknown(name: string): PsmrError {
    return new PsmrError(
      'UNKNOWN_COMMAND',
      `Service '${this.#service}' has no command '${name}'. It has: ${[...this.#commands.keys()].join(', ')}.`,
    );
  }
}

function prepare(named: Pick<Described, 'name' | 'place'>, command: Command): PreparedCommand {
  const readOnly = command.readOnly === true;
  return isEveryKey(command)
    ? { ...named, readOnly, everyKey: command, keyed: null }
    : { ...named, readOnly, everyKey: null, keyed: command };
}
