import fc from 'fast-check';
import { expect, it } from 'vitest';
import { lowestOf, maskOf, streamsOf } from '../../src/execution/stream-set.js';

it('a mask holds its streams, from 1 to 64, and knows the lowest', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 64 })), (streams) => {
      const mask = maskOf(streams);
      const rising = streams.toSorted((a, b) => a - b);
      expect(streamsOf(mask)).toEqual(rising);
      expect(lowestOf(mask)).toBe(rising[0] ?? 0);
    }),
  );
});
