/**
 * Histories: what clients asked for and were told, as events in the order of their times.
 *
 * As a file, a history is one JSON object per line:
 *
 *     {"process":3,"type":"invoke","command":"cas","value":{"key":"x","from":1,"to":2},"time":81263544190022}
 *     {"process":3,"type":"ok","command":"cas","value":true,"time":81263545012345}
 *
 * - `process`: a number; one process has one operation under way at a time. After an `info` its number is not used again.
 * - `type`: `invoke`, then one of `ok` (it happened), `fail` (it did not happen) and `info` (nobody knows: it may have
 *   happened at any time after its invocation, or may still, or never will). An invocation that nothing follows counts as
 *   `info`.
 * - `command`: its name. `value`: of `invoke` the arguments, of `ok` the result, of `fail` and `info` null.
 * - `time`: ns, of the machine's monotonic clock (process.hrtime), which its processes share; files of several processes
 *   can be put together in any order of lines.
 * - `error`: in `fail` and `info` the reason as words, for people. Readers skip fields that they do not know.
 */
import type { Operation } from './operation.js';

export type EventType = 'invoke' | 'ok' | 'fail' | 'info';

export interface HistoryEvent {
  readonly process: number;
  readonly type: EventType;
  readonly command: string;
  readonly value: unknown;
  readonly time: number;
  readonly error?: string;
}

/** A history that cannot be one. */
export class HistoryError extends Error {
  override readonly name = 'HistoryError';
  readonly reason: 'no JSON' | 'no event' | 'no invocation' | 'two at a time' | 'used after info';
  /** From 1 on. */
  readonly line: number;

  constructor(reason: HistoryError['reason'], line: number, what: string, file = 'the history') {
    super(`Line ${line} of ${file}: ${what}.`);
    this.reason = reason;
    this.line = line;
  }
}

/**
 * The operations of a history, by invocation. Line n is the nth event, as far as errors are concerned, unless lines are
 * given. Throws HistoryError.
 */
export function operationsOf(
  events: readonly HistoryEvent[],
  lines: readonly number[] = events.map((_, at) => at + 1),
): Operation[] {
  const numbered = events.map((event, at) => ({ event, line: lines[at] ?? 0 }));
  numbered.sort((a, b) => a.event.time - b.event.time || a.line - b.line);
  const underway = new Map<number, Operation>();
  const retired = new Set<number>();
  const operations: Operation[] = [];
  for (const { event, line } of numbered) {
    const { process, type, command, value, time } = event;
    const invocation = underway.get(process);
    if (type === 'invoke') {
      if (retired.has(process))
        throw new HistoryError('used after info', line, `process ${process} ended with an info`);
      if (invocation !== undefined)
        throw new HistoryError('two at a time', line, `process ${process} has line ${invocation.line} under way`);
      const unknown = { outcome: 'info', output: undefined, returned: Infinity } as const;
      underway.set(process, { process, command, input: value, invoked: time, line, ...unknown });
      continue;
    }
    if (invocation?.command !== command)
      throw new HistoryError('no invocation', line, `process ${process} has no ${command} under way`);
    underway.delete(process);
    if (type === 'info') retired.add(process);
    const ok = type === 'ok';
    operations.push({ ...invocation, outcome: type, output: ok ? value : undefined, returned: ok ? time : Infinity });
  }
  return [...operations, ...underway.values()].sort((a, b) => a.invoked - b.invoked);
}
