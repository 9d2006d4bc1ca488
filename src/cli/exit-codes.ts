/** How the command line says to a shell what became of a command. docs/operating.md lists the same. */
import { PsmrError, type ErrorCode } from '../errors.js';

export const Exit = { ok: 0, failed: 1, usage: 2, unreachable: 3, data: 4 } as const;
export type Exit = (typeof Exit)[keyof typeof Exit];

const MEANINGS: readonly (readonly [exit: number, meaning: string])[] = [
  [Exit.ok, 'done; serve: stopped when asked to'],
  [Exit.failed, 'the command failed, or the engine did'],
  [Exit.usage, 'wrong usage, configuration or service'],
  [Exit.unreachable, 'no server answered'],
  [Exit.data, 'something is wrong with the data directory or the disk'],
  // What shells make of a process that a signal ended.
  [130, 'ended by Ctrl-C (143: by SIGTERM)'],
];

export const EXIT_HELP = `
Exit codes:
${MEANINGS.map(([exit, meaning]) => `  ${String(exit).padEnd(5)}${meaning}`).join('\n')}`;

const USAGE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'UNKNOWN_COMMAND',
  'INVALID_ARGUMENTS',
  // Nearly always an argument that is missing or misspelt.
  'INVALID_KEYS',
  'COMMAND_TOO_LARGE',
  'UNAUTHORIZED',
  'WRONG_SERVICE',
  'PROTOCOL_VERSION',
  'INVALID_SERVICE',
  'INVALID_CONFIG',
  'INVALID_ARGUMENT',
  'ADDRESS_IN_USE',
  'NOT_SUPPORTED',
]);
const UNANSWERED: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['UNREACHABLE', 'OUTCOME_UNKNOWN']);
const DATA: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'DATA_DIR_LOCKED',
  'DATA_FOREIGN',
  'DATA_CORRUPT',
  'DATA_MISMATCH',
  'STORAGE_FAILED',
]);

export function exitOf(thrown: unknown): Exit {
  if (!(thrown instanceof PsmrError)) return Exit.failed;
  if (USAGE.has(thrown.code)) return Exit.usage;
  if (UNANSWERED.has(thrown.code)) return Exit.unreachable;
  if (DATA.has(thrown.code)) return Exit.data;
  // An engine that failed says what of.
  return thrown.cause instanceof PsmrError ? exitOf(thrown.cause) : Exit.failed;
}
