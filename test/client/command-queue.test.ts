import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Call, SingleCall } from '../../src/client/call.js';
import { CommandQueue, type Commands, type CommandType } from '../../src/client/command-queue.js';

const TYPE: CommandType = { name: 'put', readOnly: false, everyKey: false };
const CALL: Call = new SingleCall(
  () => undefined,
  () => undefined,
);

const step = fc.oneof(
  fc.record({ act: fc.constant('push' as const), count: fc.integer({ min: 1, max: 20_000 }) }),
  fc.record({ act: fc.constantFrom('peek' as const, 'drop' as const), count: fc.integer({ min: 0, max: 20_000 }) }),
  fc.record({ act: fc.constant('takeAll' as const), count: fc.constant(0) }),
);

/** Every array of it, by the numbers that the commands were given. */
function numbersOf({ types, args, masks, calls, slots, deadlines }: Commands): number[] {
  expect([types.length, args.length, masks.length, calls.length, deadlines.length]).toEqual(
    Array(5).fill(slots.length),
  );
  expect(args).toEqual(slots);
  expect(masks.map(({ low }) => low)).toEqual(slots);
  expect(deadlines).toEqual(slots);
  return slots;
}

describe('the commands that wait for a frame', () => {
  it('are looked at, dropped and taken in order, however many they are', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const queue = new CommandQueue();
        let model: number[] = [];
        let next = 0;
        for (const { act, count } of steps) {
          const some = Math.min(count, model.length);
          if (act === 'push') {
            for (let time = 0; time < count; time++, next++) {
              queue.push(TYPE, next, { low: next, high: 0 }, CALL, next, next);
              model.push(next);
            }
          } else if (act === 'takeAll') {
            expect(numbersOf(queue.takeAll())).toEqual(model);
            model = [];
          } else {
            const seen = queue.peek(some);
            if (act === 'drop') {
              queue.drop(some);
              // What comes later does not show in what was taken before.
              queue.push(TYPE, next, { low: next, high: 0 }, CALL, next, next);
            }
            expect(numbersOf(seen)).toEqual(model.slice(0, some));
            if (act === 'drop') model = [...model.slice(some), next++];
          }
          expect([queue.length, queue.deadline]).toEqual([model.length, model[0] ?? Infinity]);
        }
      }),
      { numRuns: 60 },
    );
  });
});
