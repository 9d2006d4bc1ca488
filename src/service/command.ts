/**
 * The shapes of a service as the engine runs it. The precisely typed way to write one is `defineService`.
 */

/** Marks a command that touches every key: it runs as a `partial` on each partition and a `merge` of the parts. */
export const everyKey: unique symbol = Symbol.for('psmr.everyKey');

/** Keys that a command reads and keys that it writes; what it writes it may read as well. */
export type KeyAccess =
  | { readonly read: readonly string[]; readonly write?: readonly string[] }
  | { readonly read?: readonly string[]; readonly write: readonly string[] };

/** What a key function returns: keys both readable and writable, or the two apart. */
export type Keys = readonly string[] | KeyAccess;

/** The declared keys of one command, as its handler sees them. */
export interface State {
  /**
   * The value at a declared key, `undefined` where there is none. Objects come back frozen: write a changed copy.
   * The type is the caller's to state, as with `JSON.parse`.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- values are the user's; see the sentence above
  get<V = any>(key: string): V | undefined;
  has(key: string): boolean;
  set(key: string, value: unknown): void;
  delete(key: string): void;
  /**
   * Tells those who subscribe to the key (or to a prefix of it). The key is one that the command declares to write. Like
   * a write it counts if the handler returns; nobody is told of a command that threw.
   */
  publish(key: string, value: unknown): void;
}

/** One partition, as the `partial` of an every-key command sees it: the keys that this stream owns. */
export interface Partition {
  /** In the order of insertion, the same on every replica. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as State.get
  entries<V = any>(): IterableIterator<[key: string, value: V]>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as State.get
  get<V = any>(key: string): V | undefined;
  set(key: string, value: unknown): void;
  delete(key: string): void;
  /** As `State.publish`, for a key of this partition. */
  publish(key: string, value: unknown): void;
}

/** Time, randomness and identity of a command: the same on every replica. */
export interface CommandContext {
  /** The time of the command's entry in its log, in ms since 1970; never decreases within a stream. */
  readonly now: number;
  /** A number in [0, 1) from a generator seeded by the command's place in the log. */
  random(): number;
  /** Unique to this command and equal on every replica: `group-index-position`. */
  readonly commandId: string;
}

export interface KeyedCommand {
  readonly keys: (args: unknown) => Keys;
  readonly readOnly?: boolean;
  readonly execute: (state: State, args: unknown, context: CommandContext) => unknown;
}

export interface EveryKeyCommand {
  readonly keys: typeof everyKey;
  readonly readOnly?: boolean;
  readonly partial: (partition: Partition, args: unknown, context: CommandContext) => unknown;
  readonly merge: (parts: readonly unknown[], args: unknown, context: CommandContext) => unknown;
}

export type Command = KeyedCommand | EveryKeyCommand;

/** A deterministic state machine: named commands, the keys each touches, what each does. */
export interface Service {
  readonly name: string;
  readonly commands: Readonly<Record<string, Command>>;
}

export function isEveryKey(command: Command): command is EveryKeyCommand {
  return command.keys === everyKey;
}
