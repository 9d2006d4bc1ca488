/** The public face of a client, typed by its service, whatever way it reaches the engine. */
import type { PsmrError } from '../errors.js';
import type { CommandArguments, CommandName, CommandResult, ServiceDefinition } from '../service/define-service.js';
import type { ClientCore } from './client-core.js';
import type { SubscribeOptions, Subscription } from './subscription.js';

/** What became of one command of a batch. */
export type CommandOutcome<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: PsmrError };

/** The arguments of a command, as a list: none where it can do without. */
type ArgumentList<S extends ServiceDefinition, N extends CommandName<S>> =
  undefined extends CommandArguments<S, N> ? [args?: CommandArguments<S, N>] : [args: CommandArguments<S, N>];

/** `[name, arguments]` of any command of the service. */
export type BatchCommand<S extends ServiceDefinition> = {
  [N in CommandName<S>]: readonly [name: N, ...args: ArgumentList<S, N>];
}[CommandName<S>];

/** One outcome per command, in the order of the commands. */
export type BatchOutcomes<S extends ServiceDefinition, B extends readonly BatchCommand<S>[]> = {
  -readonly [I in keyof B]: B[I] extends readonly [infer N extends CommandName<S>, ...unknown[]]
    ? CommandOutcome<CommandResult<S, N>>
    : never;
};

export interface Client<S extends ServiceDefinition> {
  /**
   * Runs one command; resolves with its result once it is committed and executed. Commands submitted in the same turn
   * of the event loop travel together. Arguments must not be changed before the promise is settled.
   *
   * Rejects with a PsmrError; among its codes: COMMAND_FAILED (the handler threw; nothing was written),
   * OUTCOME_UNKNOWN (sent, never answered: it may have been executed), UNREACHABLE (not executed: no server),
   * OVERLOADED (not executed: too much is waiting), COMMAND_TOO_LARGE, UNKNOWN_COMMAND, INVALID_ARGUMENTS.
   */
  execute<N extends CommandName<S>>(name: N, ...args: ArgumentList<S, N>): Promise<CommandResult<S, N>>;
  /**
   * Runs many commands at the cost of one promise. Each command has an outcome of its own; rejects only where it is given
   * no list.
   */
  executeBatch<B extends readonly BatchCommand<S>[] | readonly []>(
    commands: B,
  ): Promise<BatchOutcomes<S, B extends readonly BatchCommand<S>[] ? B : never>>;
  /**
   * The events that commands publish on these keys (docs/subscriptions.md), each once and in the order of its stream, also
   * where the connection is lost and where leaders change. Resolves when it has begun: read the state then, and every
   * later change comes.
   *
   * Rejects with a PsmrError: SUBSCRIPTION_LOST (the events behind `after` are not kept any more: subscribe without, and
   * read anew), UNREACHABLE, INVALID_ARGUMENT, NOT_SUPPORTED (a client in the engine's process).
   */
  subscribe(options: SubscribeOptions): Promise<Subscription>;
  /** Ends the client. What is unanswered fails: CLIENT_CLOSED, or OUTCOME_UNKNOWN where it was sent. Idempotent. */
  close(): Promise<void>;
}

/** A client core and what goes with it: the links that only it uses. */
export type OwnedCore = ClientCore & {
  closeLinks(): void;
  subscribe(options: SubscribeOptions): Promise<Subscription>;
};

/** Gives a core the types of its service: embedded and remote clients differ in nothing else. */
export function createClient<S extends ServiceDefinition>(core: OwnedCore): Client<S> {
  let open = true;
  const untyped: UntypedClient = {
    execute: (name, args) => core.execute(name, args),
    executeBatch: (commands) => core.executeBatch(commands),
    subscribe: (options) => core.subscribe(options),
    close: () => {
      if (open) {
        core.close();
        core.closeLinks();
      }
      open = false;
      return Promise.resolve();
    },
  };
  // The one place where the types of the service, known to the compiler only, meet values that came over a wire.
  return untyped as Client<S>;
}

interface UntypedClient {
  subscribe(options: SubscribeOptions): Promise<Subscription>;
  execute(name: string, args?: unknown): Promise<unknown>;
  executeBatch(commands: readonly (readonly [name: string, args?: unknown])[]): Promise<unknown>;
  close(): Promise<void>;
}
