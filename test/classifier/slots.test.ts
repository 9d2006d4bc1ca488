import { describe, expect, it } from 'vitest';
import { hashOf, SLOTS, slotOf } from '../../src/classifier/slots.js';

describe('slots', () => {
  it('are what they have always been: logs and data depend on it', () => {
    const keys = ['', 'a', 'account:1', 'account:2', 'user:00000000000001', 'ключ', '鍵🔑', 'x'.repeat(1024)];
    expect(keys.map(slotOf)).toEqual([11, 435, 124, 961, 230, 376, 74, 866]);
    expect(keys.slice(0, 3).map((key) => hashOf(key) >>> 0)).toEqual([2872998923, 444641715, 4151237756]);
  });

  it('are taken evenly by keys that differ in little', () => {
    const perSlot = 100;
    const counts = new Array<number>(SLOTS).fill(0);
    for (let i = 0; i < SLOTS * perSlot; i++) {
      const slot = slotOf(`user:${i}`);
      counts[slot] = (counts[slot] ?? 0) + 1;
    }
    // A slot's count has standard deviation 10; six of those are left by less than one honest hash in 100,000.
    expect(Math.min(...counts)).toBeGreaterThan(perSlot - 60);
    expect(Math.max(...counts)).toBeLessThan(perSlot + 60);
  });
});
