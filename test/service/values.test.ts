import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeValue, encodeValue } from '../../src/execution/command-batch.js';
import {
  checkResult,
  decodeStored,
  encodableStored,
  EncodedValue,
  normalizeValue,
  readStored,
} from '../../src/service/values.js';
import { codeAndMessage } from './thrown.js';

const throughMessagePack = (stored: unknown): unknown =>
  decodeStored(decodeValue(encodeValue(encodableStored(stored))));

const plainValue = fc.anything({ withBigInt: true, withNullPrototype: true, withSparseArray: true, maxDepth: 4 });
const anyValue = fc.anything({
  withBigInt: true,
  withDate: true,
  withSet: true,
  withMap: true,
  withNullPrototype: true,
  withSparseArray: true,
  withTypedArray: true,
  maxDepth: 4,
});

/** The stored form, or null where the value is refused. */
function storedOrNull(value: unknown): { stored: unknown } | null {
  try {
    return { stored: normalizeValue(value) };
  } catch (error) {
    expect(error).toMatchObject({ code: 'VALUE_NOT_ENCODABLE' });
    return null;
  }
}

function isDeeplyFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen);
}

/** Whether a handler that tries to change the value would succeed. */
const isMutable = (value: unknown): boolean => typeof value === 'object' && value !== null && !Object.isFrozen(value);

describe('a stored value', () => {
  it('reads the same before and after a log, an exchange or a checkpoint, as often as it goes through one', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const kept = storedOrNull(value);
        if (kept === null) return;
        const before = readStored(kept.stored);
        const once = throughMessagePack(kept.stored);
        const twice = throughMessagePack(once);
        expect(readStored(once)).toStrictEqual(before);
        expect(readStored(twice)).toStrictEqual(before);
        expect(isMutable(readStored(once))).toBe(isMutable(before));
        expect(encodeValue(encodableStored(once))).toEqual(encodeValue(encodableStored(kept.stored)));
      }),
      { numRuns: 2000 },
    );
  });

  it('equals the plain value that was set', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const withoutMinusZero: unknown = JSON.parse(JSON.stringify(value));
        expect(storedOrNull(value)?.stored ?? withoutMinusZero).toEqual(withoutMinusZero);
      }),
    );
  });

  it('is deeply frozen where it is plain', () => {
    fc.assert(
      fc.property(plainValue, (value) => {
        const kept = storedOrNull(value);
        if (kept === null || kept.stored instanceof EncodedValue) return;
        expect(isDeeplyFrozen(kept.stored)).toBe(true);
        expect(isDeeplyFrozen(throughMessagePack(kept.stored))).toBe(true);
      }),
    );
  });

  it('does not change with the object that it came from, which stays as it was', () => {
    const list = [1];
    const value = { list, name: 'a' };
    const stored = normalizeValue(value);
    list.push(2);
    value.name = 'b';
    expect(readStored(stored)).toEqual({ list: [1], name: 'a' });
    expect(Object.isFrozen(value)).toBe(false);
  });

  it('does not change with the bytes that were set or read', () => {
    const bytes = Buffer.from([1, 2]);
    const stored = normalizeValue(bytes);
    bytes[0] = 9;
    const first = readStored(stored) as Uint8Array;
    first[1] = 9;
    expect(readStored(stored)).toStrictEqual(Uint8Array.of(1, 2));
  });

  it('does not change through a copy of an unusual value', () => {
    const stored = normalizeValue({ when: new Date(5), bytes: Uint8Array.of(1) });
    const first = readStored(stored) as { when: Date; bytes: Uint8Array };
    first.when.setTime(6);
    first.bytes[0] = 2;
    expect(readStored(stored)).toStrictEqual({ when: new Date(5), bytes: Uint8Array.of(1) });
  });

  it('asks an accessor once, at set', () => {
    let asked = 0;
    const stored = normalizeValue({
      get next() {
        return asked++;
      },
    });
    expect([readStored(stored), readStored(stored)]).toEqual([{ next: 0 }, { next: 0 }]);
  });

  it.each([
    ['a set', new Set([1, new Set(['a'])])],
    ['a date', new Date(1_700_000_000_001)],
    ['a date before 1970', new Date(-1)],
    ['an invalid date', new Date(NaN)],
    ['a regular expression', /a+/gi],
    ['a typed array', Float64Array.of(0.5, -0)],
    ['an array buffer', Uint8Array.of(1, 2, 3).buffer],
    ['64-bit integers', [2n ** 64n - 1n, -(2n ** 63n)]],
    ['numbers at the limits', [Infinity, -Infinity, NaN, 2 ** 53, -(2 ** 53), 2 ** 31, 2 ** 32, 5e-324]],
    ['undefined', { a: undefined, b: [undefined] }],
  ])('keeps %s', (_, value) => {
    expect(readStored(normalizeValue(value))).toStrictEqual(value);
    expect(readStored(throughMessagePack(normalizeValue(value)))).toStrictEqual(value);
  });

  it.each([
    ['-0', -0, 0],
    ['nested -0', { a: [-0] }, { a: [0] }],
    ['a map with string keys', new Map([['a', { b: 1 }]]), { a: { b: 1 } }],
    ['a class instance', new (class Point { x = 1; })(), { x: 1 }], // prettier-ignore
    ['holes of an array', Object.assign(new Array<number>(2), { 0: 1 }), [1, undefined]],
    ['a property named by a symbol', { a: 1, [Symbol('b')]: 2 }, { a: 1 }],
    ['a Buffer', Buffer.from([1]), Uint8Array.of(1)],
    ['a Buffer inside', [Buffer.from([1])], [Uint8Array.of(1)]],
  ])('becomes at once what MessagePack makes of it: %s', (_, value, expected) => {
    expect(readStored(normalizeValue(value))).toStrictEqual(expected);
  });
});

const cycle: { self?: unknown } = {};
cycle.self = cycle;

const REFUSED: readonly (readonly [string, unknown, RegExp])[] = [
  ['a function', () => 1, /^The value holds a function, which/],
  ['a symbol', Symbol('s'), /a symbol/],
  ['a function deep inside', { a: [{ b: () => 1 }] }, /a function at 'a\[0\]\.b'/],
  ['a function beside a date', { at: new Date(0), b: () => 1 }, /a function at 'b'/],
  ['a function in a class instance', new (class { call = () => 1; })(), /a function at 'call'/], // prettier-ignore
  ['a symbol in a set', new Set([Symbol('s')]), /a symbol at '<item>'/],
  ['half a surrogate pair', '\ud83d', /half a surrogate pair/],
  ['half a surrogate pair inside', { a: { b: ['\udc00'] } }, /half a surrogate pair at 'a\.b\[0\]'/],
  ['half a surrogate pair in a name', { '\ud83d': 1 }, /name has half a surrogate pair/],
  ['65-bit integers', [2n ** 64n], /beyond 64 bits at '\[0\]'/],
  ['a cycle', cycle, /a cycle, or more levels than are allowed \(100\) at 'self\.self/],
  ['a promise', { a: Promise.resolve(1) }, /a Promise object at 'a'/],
  ['a map with other keys', new Map([[{}, 1]]), /a Map with keys that are no strings/],
  ['__proto__ as a name', JSON.parse('{"a":{"__proto__":1}}'), /a property called '__proto__' at 'a'/],
  ['a boxed number', Object(5), /a Number object/],
  ['a toJSON that is no function, beside a constructor', { constructor: 1, toJSON: 1 }, /MessagePack cannot carry/],
];

describe('a value that cannot be stored', () => {
  it.each(REFUSED)('is refused with the place inside it: %s', (_, value, sentence) => {
    for (const refuse of [normalizeValue, checkResult]) {
      const [code, message] = codeAndMessage(() => refuse(value));
      expect(code).toBe('VALUE_NOT_ENCODABLE');
      expect(message).toMatch(sentence);
    }
  });

  it('is one level deeper than 100, and not one of 100 levels', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
    expect(readStored(normalizeValue(nested(100)))).toEqual(nested(100));
    expect(codeAndMessage(() => normalizeValue(nested(101)))[0]).toBe('VALUE_NOT_ENCODABLE');
  });
});

describe('a result', () => {
  it('does not change when its handler uses the same object again', () => {
    const scratch = [1];
    const result = checkResult(scratch);
    scratch[0] = 2;
    expect(result).toEqual([1]);
  });

  it('reads as the stored value would', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const kept = storedOrNull(value);
        if (kept !== null) expect(checkResult(value)).toStrictEqual(readStored(kept.stored));
      }),
    );
  });
});
