/**
 * Every error that psmr hands to a user is a `PsmrError` with a stable `code`: programs match on the code,
 * people read the sentence, which says what was wrong and what to do.
 */
export const ERROR_CODES = [
  // A command, as its caller wrote it.
  'UNKNOWN_COMMAND',
  'INVALID_ARGUMENTS',
  'INVALID_KEYS',
  'COMMAND_TOO_LARGE',
  // A handler, at execution: the same on every replica.
  'COMMAND_FAILED',
  'UNDECLARED_KEY',
  'READ_ONLY',
  'NOT_DETERMINISTIC',
  'VALUE_NOT_ENCODABLE',
  // Routing and sessions.
  'WRONG_STREAM',
  'WRONG_EPOCH',
  'SESSION_EXPIRED',
  'SEQUENCE_GAP',
  'RESULT_FORGOTTEN',
  'SESSION_CONFLICT',
  'NOT_LEADER',
  'OVERLOADED',
  'OUTCOME_UNKNOWN',
  'SUBSCRIPTION_LOST',
  // Connections.
  'BAD_FRAME',
  'FRAME_TOO_LARGE',
  'UNAUTHORIZED',
  'WRONG_SERVICE',
  'PROTOCOL_VERSION',
  'UNREACHABLE',
  'CLIENT_CLOSED',
  // Links between replicas.
  'WRONG_CLUSTER',
  'WRONG_GROUP',
  'WRONG_REPLICA',
  'DUPLICATE_REPLICA',
  // Set-up and operation.
  'INVALID_SERVICE',
  'INVALID_CONFIG',
  'INVALID_ARGUMENT',
  'ADDRESS_IN_USE',
  'NOT_SUPPORTED',
  'FEED_ORDER',
  // Files.
  'DATA_DIR_LOCKED',
  'DATA_FOREIGN',
  'DATA_CORRUPT',
  'DATA_MISMATCH',
  'STORAGE_FAILED',
  // The engine's own end.
  'ENGINE_STOPPED',
  'ENGINE_FAILED',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** An error with a stable `code`. `details` carries what a program may want to look at (a file, a path, a limit). */
export class PsmrError extends Error {
  override readonly name = 'PsmrError';
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }

  /** Else JSON, which passes over an error's message, would tell its name and code only. */
  toJSON(): { name: string; code: ErrorCode; message: string; details: Readonly<Record<string, unknown>> } {
    const { name, code, message, details } = this;
    return { name, code, message, details };
  }
}

const KNOWN_CODES: ReadonlySet<string> = new Set(ERROR_CODES);

/** Rebuilds an error that crossed a thread or a network; an unknown code (a newer peer's) becomes `COMMAND_FAILED`. */
export function errorFromWire(code: string, message: string): PsmrError {
  const known = KNOWN_CODES.has(code);
  return new PsmrError(known ? (code as ErrorCode) : 'COMMAND_FAILED', known ? message : `${code}: ${message}`);
}

/** The sentence of anything that was thrown; a handler may throw what has no text at all. */
export function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message || thrown.name : thrown);
  } catch {
    return 'something was thrown that cannot be shown as text';
  }
}

/** The code that Node, OpenSSL or the system has given an error. */
export function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}

/** What a handler throws is its own business; what psmr throws into a handler keeps its code. */
export function codeOfFailure(thrown: unknown): ErrorCode {
  try {
    return thrown instanceof PsmrError ? thrown.code : 'COMMAND_FAILED';
  } catch {
    return 'COMMAND_FAILED';
  }
}

/** A broken invariant: a bug in psmr, not in its input. Stops the replica (fail-stop). */
export function invariant(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new Error(`broken invariant: ${sentence}`);
}
