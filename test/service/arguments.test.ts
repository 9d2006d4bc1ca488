import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeValue, encodeValue } from '../../src/execution/command-batch.js';
import { checkArguments } from '../../src/service/arguments.js';
import { codeAndMessage } from './thrown.js';

const anything = fc.anything({
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withSet: true,
  withTypedArray: true,
  maxDepth: 4,
});

class Point {
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}
}

function nested(levels: number): unknown {
  return Array.from({ length: levels }).reduce<unknown>((inner) => ({ inner }), 1);
}

function cycle(): unknown {
  const value: Record<string, unknown> = { name: 'loop' };
  value['self'] = value;
  return value;
}

describe('arguments', () => {
  it('arrive as they left, or are refused', () => {
    let refused = 0;
    fc.assert(
      fc.property(anything, (args) => {
        try {
          checkArguments('add', args);
        } catch (error) {
          refused++;
          expect(error).toMatchObject({ code: 'INVALID_ARGUMENTS' });
          return;
        }
        expect(decodeValue(encodeValue(args))).toEqual(withoutMinusZero(args));
      }),
      { numRuns: 3000 },
    );
    expect(refused).toBeLessThan(2000);
  });

  it.each<[string, unknown, string | RegExp]>([
    ['a function', { list: [1, () => 1] }, "a function at 'list[1]'"],
    ['a symbol', Symbol('no'), 'hold a symbol, which'],
    ['half a surrogate pair', { name: '\ud800' }, "half a surrogate pair at 'name'"],
    ['half a surrogate pair in a name', { a: { ['\udc00']: 1 } }, "half a surrogate pair at 'a'"],
    ['a Map', { index: new Map([['a', 1]]) }, "a Map (send [...map], or Object.fromEntries(map)) at 'index'"],
    ['a class instance', { from: new Point(1, 2) }, "an instance of Point (send a plain object) at 'from'"],
    ['a promise that was not awaited', [Promise.resolve(1)], "an instance of Promise (send a plain object) at '[0]'"],
    ['a boxed number', { n: Object(3) as unknown }, "an instance of Number (send a plain object) at 'n'"],
    ['a URL', { at: new URL('http://localhost') }, 'an instance of URL'],
    ['a function within a set', { all: new Set([() => 1]) }, "a function at 'all.<item>'"],
    ['a property called __proto__', JSON.parse('{"a":{"__proto__":1}}'), "'__proto__' at 'a'"],
    ['a cycle', cycle(), /a cycle, or more than 100 levels at 'self\.self\./],
    ['101 levels', nested(101), 'more than 100 levels'],
  ])('may not hold %s, and the error says where', (_, args, says) => {
    const [code, message] = codeAndMessage(() => checkArguments('add', args));
    expect(code).toBe('INVALID_ARGUMENTS');
    expect(message).toMatch(says);
    expect(message).toContain("command 'add'");
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['plain data', { a: [1, 'x', null, true, undefined, { b: 2n ** 63n }] }],
    ['not a number, and infinity', [NaN, Infinity]],
    ['integers beyond 64 bits', 2n ** 70n],
    ['dates, sets, expressions and bytes', [new Date(5), new Set(['a']), /a/g, Uint8Array.of(1), new Float64Array(2)]],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 })],
    ['100 levels', nested(100)],
  ])('may be %s', (_, args) => {
    checkArguments('add', args);
    expect(decodeValue(encodeValue(args))).toEqual(args);
  });
});

/** MessagePack has no -0: it arrives as 0. */
function withoutMinusZero(value: unknown): unknown {
  if (value === 0) return 0;
  if (Array.isArray(value)) return value.map(withoutMinusZero);
  if (value instanceof Set) return new Set([...value].map(withoutMinusZero));
  const prototype: unknown = typeof value === 'object' && value !== null ? Object.getPrototypeOf(value) : undefined;
  if (prototype !== null && prototype !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, withoutMinusZero(item)]));
}
