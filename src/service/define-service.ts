/** How a user writes a service: named commands, the keys each touches, what each does. */
import { PsmrError } from '../errors.js';
import type { Command, CommandContext, everyKey, Keys, Partition, Service, State } from './command.js';
import { everyKey as everyKeySymbol } from './command.js';

/** A command that declares the keys it touches. `A` is the type of its arguments, taken from `keys`. */
export interface KeyedCommandDefinition<A> {
  /** The keys that a command with these arguments touches. Runs on clients too: a pure function of the arguments. */
  keys: (args: A) => Keys;
  /** Nothing is written: may be answered without the log, and by one stream alone where several are read. */
  readOnly?: boolean;
  /** Deterministic and synchronous. What it throws is the reply, and nothing is written. */
  execute(state: State, args: A, context: CommandContext): unknown;
}

/** A command over all keys: a `partial` on each partition, then one `merge` of what these returned. */
export interface EveryKeyCommandDefinition<A> {
  keys: typeof everyKey;
  readOnly?: boolean;
  partial(partition: Partition, args: A, context: CommandContext): unknown;
  // The parts are what `partial` returns and the arguments what it takes; TypeScript cannot infer that here, so `merge`
  // states the types it uses.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- see above
  merge(parts: readonly any[], args: A, context: CommandContext): unknown;
}

export type CommandDefinitions<A> = { [K in keyof A]: KeyedCommandDefinition<A[K]> | EveryKeyCommandDefinition<A[K]> };

/** What `defineService` returns; the basis of the types of a client. */
export interface ServiceDefinition<C = unknown> {
  readonly name: string;
  readonly commands: C;
}

export type CommandName<S extends ServiceDefinition> = keyof S['commands'] & string;

/**
 * What `keys` takes, or `partial` where there are no keys; `unknown` where that takes nothing. For several names: what
 * each of the commands takes.
 */
export type CommandArguments<S extends ServiceDefinition, N extends CommandName<S>> =
  Taking<S['commands'][N]> extends (args: infer A) => void ? A : never;

type Taking<C> = C extends { keys: (args: infer A) => unknown }
  ? (args: A) => void
  : C extends { partial: (partition: never, args: infer A, ...rest: never[]) => unknown }
    ? (args: A) => void
    : never;

/** What `execute` returns, or `merge`. For several names: any of the results. */
export type CommandResult<S extends ServiceDefinition, N extends CommandName<S>> = Giving<S['commands'][N]>;

type Giving<C> = C extends { execute: (...args: never[]) => infer R }
  ? R
  : C extends { merge: (...args: never[]) => infer R }
    ? R
    : never;

const NAME_LENGTH_MAX = 128;

/**
 * Defines a service. Throws INVALID_SERVICE, naming the part that is wrong and what it accepts.
 *
 * @example
 * export default defineService({
 *   name: 'counters',
 *   commands: {
 *     add: {
 *       keys: (args: { counter: string; by: number }) => [args.counter],
 *       execute(state, args) {
 *         const next = (state.get<number>(args.counter) ?? 0) + args.by;
 *         state.set(args.counter, next);
 *         return next;
 *       },
 *     },
 *   },
 * });
 */
export function defineService<A extends object, C extends object>(definition: {
  name: string;
  commands: CommandDefinitions<A> & C;
}): ServiceDefinition<C> {
  const { name, commands } = checkDefinition(definition);
  return Object.freeze({ name, commands: Object.freeze({ ...commands }) }) as ServiceDefinition<C>;
}

/** The definition as the engine runs it. Throws INVALID_SERVICE. */
export function asService(definition: unknown): Service {
  return checkDefinition(definition);
}

function checkDefinition(definition: unknown): Service {
  if (!isObject(definition)) throw invalid('', 'it is no object', 'what defineService({ name, commands }) returns');
  const { name, commands } = definition;
  checkName('name', name);
  if (!isObject(commands)) throw invalid('commands', 'it is no object', 'an object of commands by name');
  const names = Object.keys(commands);
  if (names.length === 0) throw invalid('commands', 'it has no command', 'at least one');
  const checked = names.map((command): [string, Command] => {
    const path = pathOf(command);
    checkName(path, command);
    if (command.startsWith('$')) throw invalid(path, "its name begins with '$'", 'names that begin otherwise');
    return [command, checkCommand(path, commands[command])];
  });
  return { name, commands: Object.fromEntries(checked) };
}

function checkCommand(path: string, command: unknown): Command {
  if (!isObject(command))
    throw invalid(path, 'it is no object', '{ keys, execute } or { keys: everyKey, partial, merge }');
  const { keys, readOnly } = command;
  if (readOnly !== undefined && typeof readOnly !== 'boolean')
    throw invalid(`${path}.readOnly`, `it is ${typeOf(readOnly)}`, 'true or false');
  if (keys === everyKeySymbol) {
    checkFunction(`${path}.partial`, command['partial']);
    checkFunction(`${path}.merge`, command['merge']);
  } else {
    checkFunction(`${path}.keys`, keys, 'a function from arguments to keys, or everyKey');
    checkFunction(`${path}.execute`, command['execute']);
  }
  // Checked above, property by property.
  return command as unknown as Command;
}

function checkName(path: string, name: unknown): asserts name is string {
  if (typeof name === 'string' && name.length > 0 && name.length <= NAME_LENGTH_MAX && name.isWellFormed()) return;
  throw invalid(
    path,
    `it is ${typeof name === 'string' ? JSON.stringify(name) : typeOf(name)}`,
    `a string of 1 to ${NAME_LENGTH_MAX} characters`,
  );
}

function checkFunction(path: string, value: unknown, accepts = 'a function'): void {
  if (typeof value !== 'function') throw invalid(path, `it is ${typeOf(value)}`, accepts);
}

function pathOf(command: string): string {
  return /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(command)
    ? `commands.${command}`
    : `commands[${JSON.stringify(command)}]`;
}

function typeOf(value: unknown): string {
  if (value === undefined) return 'missing';
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : `of type ${typeof value}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(path: string, found: string, accepts: string): PsmrError {
  const where = path === '' ? 'The service definition' : `The service definition's ${path}`;
  return new PsmrError('INVALID_SERVICE', `${where} cannot be used: ${found}. It accepts ${accepts}.`, {
    details: { path },
  });
}
