import { expect, it } from 'vitest';
import { maskOf } from '../../src/execution/stream-set.js';
import { EntryKind } from '../../src/ordering/group-log.js';
import type { SyncRun } from '../../src/ordering/sync-run.js';
import { RunsUnderWay } from '../../src/replica/runs-under-way.js';

const run = (index: number, ...streams: number[]): SyncRun => ({
  ...maskOf(streams),
  ...{ kind: EntryKind.commands, flags: 0, index, timestampMs: 0, parts: [] },
});

it('the oldest run whose results are missing is known, whichever come first', () => {
  const runs = new RunsUnderWay(3);
  expect([runs.oldest, runs.count]).toEqual([null, 0]);
  for (const each of [run(5, 1, 2), run(6, 2, 3), run(6, 1, 3), run(8, 2, 3)]) runs.handed(each);
  expect([runs.oldest, runs.count]).toEqual([5, 4]);
  // Streams 2 and 3 go on, while stream 1 stands.
  runs.reported(2);
  runs.reported(2);
  expect([runs.oldest, runs.count]).toEqual([5, 2]);
  runs.reported(1);
  expect([runs.oldest, runs.count]).toEqual([6, 1]);
  runs.reported(1);
  expect([runs.oldest, runs.count]).toEqual([null, 0]);
});
