/** The words and cells that the terminal's table and the page share. */
import type { Spread } from '../measure/spread.js';
import { figureText } from '../measure/turns.js';
import type { PeersOptions } from './options.js';
import type { Result, RowResult } from './row.js';

export const FIGURE_HEAD = ['row', 'commands/s', 'min - max', 'to psmr', 'min - max', 'p50 ms', 'p99 ms', 'load cores'];
export const PROMISE_HEAD = [
  'row',
  'what',
  'replicated',
  'on disk before the answer',
  'linearizable',
  'commands per round trip',
  'load by',
];

export const NOTES = [
  'Commands set random keys to values of 32 bytes. To psmr: over its row of the same class, round by round.',
  'Load cores: processor time that the load takes, one thread each; near 1, the load may be what limits the row.',
  'All servers run on this machine all the time, and share its cores and its disk with the load.',
];

export function conditionsOf({ rounds, seconds, outstanding, batch, keys }: PeersOptions): string {
  const times = `median of ${rounds} ${rounds === 1 ? 'round' : 'rounds'} of ${seconds} s, rows in turn`;
  return `${times}; ${figureText(outstanding)} commands outstanding in every row, batches of ${batch}, ${figureText(keys)} keys`;
}

/** Of the figures' table; why a row has none is too long for it. */
export function figureCells({ row, result }: RowResult): string[] {
  if (!('commandsPerSecond' in result)) return [row.name, ending(result), ...FIGURE_HEAD.slice(2).map(() => '')];
  const { commandsPerSecond, ratio, p50Ms, p99Ms, loadCores } = result;
  const range = ({ min, max }: Spread): string => `${figureText(min)} - ${figureText(max)}`;
  return [
    ...[row.name, figureText(commandsPerSecond.median), range(commandsPerSecond)],
    ...(ratio === null ? ['', ''] : [figureText(ratio.median), range(ratio)]),
    ...[p50Ms, p99Ms, loadCores].map((spread) => (spread === null ? '' : figureText(spread.median))),
  ];
}

export function promiseCells({ row: { name, what, promises, load } }: RowResult): string[] {
  const { replicated, onDisk, linearizable, roundTrip } = promises;
  return [name, what, replicated, onDisk, linearizable, roundTrip, load];
}

function ending(result: Result): string {
  return 'skipped' in result ? 'skipped' : 'failed';
}

/** Of the rows without figures. */
export function endings(results: readonly RowResult[]): string[] {
  return results.flatMap(({ row, result }) => {
    if ('skipped' in result) return [`${row.name} is skipped: ${result.skipped}`];
    return 'failed' in result ? [`${row.name} failed: ${result.failed}`] : [];
  });
}
