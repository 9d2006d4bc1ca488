import type { AppendRequest, RaftMessage } from './raft-types.js';

/** Whether a message's fields can be a replica's. A peer with a fault must not stop this one. */
export function isWellFormed(message: RaftMessage): boolean {
  if (!counts(message.term, message.from, message.to) || message.from === 0) return false;
  switch (message.type) {
    case 'append-request':
      return isAppendWellFormed(message);
    case 'append-reply':
      return counts(message.index, message.indexTerm, message.round);
    case 'vote-request':
      return counts(message.lastIndex, message.lastTerm) && message.lastTerm <= message.term;
    case 'checkpoint-notice':
      return counts(message.firstIndex, message.firstIndex);
    case 'read-request':
      return counts(message.id, message.id);
    case 'read-reply':
      return counts(message.id, message.index + 1);
    case 'vote-reply':
    case 'timeout-now':
      return true;
  }
}

function counts(one: number, two: number, three = 0): boolean {
  return isCount(one) && isCount(two) && isCount(three);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** The runs cover the entries from the first on, and terms do not fall. */
function isAppendWellFormed(request: AppendRequest): boolean {
  const { previousIndex, previousTerm, lastIndex, terms, commitIndex, round, term } = request;
  if (!counts(previousIndex, previousTerm, lastIndex) || !counts(commitIndex, round)) return false;
  if (lastIndex < previousIndex || lastIndex > previousIndex !== terms.length > 0) return false;
  let start = previousIndex;
  let of = previousTerm;
  for (const [runStart, runTerm] of terms) {
    const follows = start === previousIndex ? runStart === start + 1 : runStart > start;
    if (!follows || runStart > lastIndex || !(runTerm >= of) || !isCount(runTerm)) return false;
    start = runStart;
    of = runTerm;
  }
  return of <= term;
}
