/** Searches in logs by term. A log's terms never fall from one index to the next, so halving finds what is asked for. */

import type { AppendRequest, LogView } from './raft-types.js';

/** The largest index in [low, high] for which `holds`, which holds up to some index and not behind it; else low - 1. */
function lastWhere(low: number, high: number, holds: (index: number) => boolean): number {
  let known = low - 1;
  let open = high;
  while (known < open) {
    const middle = known + Math.ceil((open - known) / 2);
    if (holds(middle)) known = middle;
    else open = middle - 1;
  }
  return known;
}

/** The newest index in [low, high] whose entry is of this term or an older one; low - 1: none. */
export function lastNotNewerThan(log: LogView, term: number, low: number, high: number): number {
  if (high >= low && log.termOf(high) <= term) return high;
  return lastWhere(low, high, (index) => log.termOf(index) <= term);
}

/** The terms of the entries `from` to `to`, as runs. */
export function termRuns(log: LogView, from: number, to: number): readonly (readonly [number, number])[] {
  const runs: [number, number][] = [];
  for (let start = from; start <= to;) {
    const term = log.termOf(start);
    runs.push([start, term]);
    start = lastNotNewerThan(log, term, start, to) + 1;
  }
  return runs;
}

/** The term of an entry that an append request carries. */
function termInRequest(request: AppendRequest, index: number): number {
  let term = request.previousTerm;
  for (const [start, of] of request.terms) {
    if (start > index) break;
    term = of;
  }
  return term;
}

/**
 * The newest index in [low, high] where the log and the request agree; low - 1: none. Logs that agree at an index agree
 * at all before it (log matching).
 */
export function lastAgreed(log: LogView, request: AppendRequest, low: number, high: number): number {
  const agree = (index: number): boolean => log.termOf(index) === termInRequest(request, index);
  if (high >= low && agree(high)) return high;
  return lastWhere(low, high, agree);
}
