import { PsmrError } from '../errors.js';
import { encodeRejection } from './result-batch.js';
import type { Admission, SessionTable } from './session-table.js';

/** The answers to a frame that is not executed: what it got the first time, or why not. */
export function answerAgain(
  sessions: SessionTable,
  admission: Exclude<Admission, 'admitted'>,
  group: number,
  key: string,
  first: number,
  count: number,
): Uint8Array[] {
  if (admission !== 'duplicate') {
    return [encodeRejection(refusals[admission](), group, first, count, 0)];
  }
  return sessions.replies(key, first, count);
}

function sequenceGap(): PsmrError {
  return new PsmrError(
    'SEQUENCE_GAP',
    'Earlier commands of this session have not arrived. Send again from the first one without an answer.',
  );
}

function sessionConflict(): PsmrError {
  return new PsmrError(
    'SESSION_CONFLICT',
    'It was not executed: another command has its number in the session, which another process uses too. Give each ' +
      'process a client of its own.',
  );
}

function sessionExpired(): PsmrError {
  return new PsmrError(
    'SESSION_EXPIRED',
    'The session is not known: unused for longer than sessionIdleMs, or pushed out by newer ones. Open a new one; ' +
      'commands sent before without an answer may or may not have been executed.',
  );
}

function resultForgotten(): PsmrError {
  return new PsmrError(
    'RESULT_FORGOTTEN',
    'The command of this number was executed, but its result is kept no more: the session has acknowledged it, or left ' +
      'too many unacknowledged.',
  );
}

const refusals = {
  gap: sequenceGap,
  conflict: sessionConflict,
  expired: sessionExpired,
  forgotten: resultForgotten,
} as const;
