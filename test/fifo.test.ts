import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fifo } from '../src/fifo.js';

interface Item {
  readonly number: number;
}

/** Long enough to have places cut off in the middle of what is queued. */
const steps = fc.array(
  fc.oneof(
    fc.record({ act: fc.constant('push' as const), times: fc.integer({ min: 1, max: 3000 }) }),
    fc.record({ act: fc.constant('shift' as const), times: fc.integer({ min: 1, max: 3000 }) }),
    fc.record({ act: fc.constant('takeAll' as const), times: fc.constant(1) }),
  ),
  { maxLength: 30 },
);

describe('a first-in, first-out queue', () => {
  it('does as an array does', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const queue = new Fifo<Item>();
        const model: Item[] = [];
        let number = 0;
        for (const { act, times } of taken) {
          for (let time = 0; time < times; time++) {
            if (act === 'push') {
              const item = { number: number++ };
              queue.push(item);
              model.push(item);
            } else if (act === 'shift') expect(queue.shift()).toBe(model.shift());
            else expect(queue.takeAll()).toEqual(model.splice(0));
          }
          expect([queue.length, queue.first, queue.last]).toEqual([model.length, model[0], model.at(-1)]);
        }
      }),
      { numRuns: 40 },
    );
  });
});
