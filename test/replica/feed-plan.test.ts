import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskHas, maskOf } from '../../src/execution/stream-set.js';
import { FeedPlan, type PlacedCommand, type PlannedEntry } from '../../src/replica/feed-plan.js';

const STREAMS = 4;
const streamSet = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: STREAMS }).map((stream) => [stream]) },
  { weight: 2, arbitrary: fc.uniqueArray(fc.integer({ min: 1, max: STREAMS }), { minLength: 2, maxLength: STREAMS }) },
);
const step = fc.oneof(
  { weight: 12, arbitrary: streamSet.map((streams) => ({ do: 'add' as const, streams })) },
  { weight: 1, arbitrary: fc.constant({ do: 'finish' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'checkpoint' as const }) },
);

/** What a stream executes, by the rule of the merge: group 0 up to each entry's merge point, then the entry. */
function executedBy(stream: number, entries: readonly PlannedEntry[], sync: readonly (readonly number[])[]): number[] {
  const executed: number[] = [];
  let merged = 0;
  for (const entry of entries.filter(({ group }) => group === stream)) {
    for (; merged < entry.mergePoint; merged++) executed.push(...(sync[merged] ?? []));
    executed.push(...entry.commands.map((command) => command.at));
  }
  return executed;
}

describe('FeedPlan', () => {
  it('makes every stream execute exactly its commands of the total order, in that order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const plan = new FeedPlan(STREAMS, 1);
        const order: PlacedCommand[] = [];
        const entries: PlannedEntry[] = [];
        const syncEntries: PlannedEntry[] = [];
        const take = (planned: PlannedEntry[]): void => {
          entries.push(...planned);
          syncEntries.push(...planned.filter(({ group }) => group === 0));
        };
        for (const action of steps) {
          if (action.do === 'add') {
            const mask = maskOf(action.streams);
            const command = { name: 'c', args: null, at: order.length, mask, everyKey: false, readOnly: false };
            order.push(command);
            plan.add(command);
          } else if (action.do === 'finish') take(plan.finish());
          else {
            take(plan.closeBeforeSyncEntry());
            syncEntries.push({ group: 0, mergePoint: 0, commands: [] });
          }
        }
        take(plan.finish());
        expect(plan.nextSyncIndex).toBe(syncEntries.length + 1);
        for (let stream = 1; stream <= STREAMS; stream++) {
          const sync = syncEntries.map((entry) =>
            entry.commands.filter(({ mask }) => maskHas(mask, stream)).map((command) => command.at),
          );
          const due = order.filter(({ mask }) => maskHas(mask, stream)).map((command) => command.at);
          expect(executedBy(stream, entries, sync)).toEqual(due);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('lets consecutive cross-stream commands share one entry of group 0', () => {
    const plan = new FeedPlan(2, 1);
    for (let at = 0; at < 5; at++) {
      plan.add({ name: 'c', args: null, at, mask: maskOf([1, 2]), everyKey: false, readOnly: false });
    }
    expect(plan.finish().filter(({ group }) => group === 0)).toHaveLength(1);
  });
});
