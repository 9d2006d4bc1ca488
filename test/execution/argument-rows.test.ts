import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCommandBatch, encodeCommandBatch, encodeValue } from '../../src/execution/command-batch.js';

const property = fc.constantFrom('a', 'b', 'key', 'constructor', 'toString', '7', '12', '');
const value = fc.oneof(fc.string(), fc.integer(), fc.constant(undefined), fc.constant(null), fc.array(fc.integer()));
const plain = fc
  .uniqueArray(fc.tuple(property, value), { selector: ([name]) => name, maxLength: 4 })
  .map((entries) => Object.fromEntries(entries) as unknown);
const table = fc
  .integer({ min: 17, max: 40 })
  .map((size) => Object.fromEntries(Array.from({ length: size }, (_, at) => [`p${at}`, at])) as unknown);
const batch = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.oneof(plain, plain, value, table)), {
  minLength: 1,
  maxLength: 200,
});

describe('arguments on the wire', () => {
  it('come back as they were, with their properties in order, whatever their shapes', () => {
    fc.assert(
      fc.property(batch, (commands) => {
        const names = ['get', 'set', 'get'];
        const args = commands.map(([, each]) => each);
        const places = commands.map(([place]) => place);
        const decoded = decodeCommandBatch(encodeCommandBatch(names, places, args), args.length);
        expect(decoded.args).toEqual(args);
        decoded.args.forEach((each, at) => {
          expect(Object.keys(each ?? {})).toEqual(Object.keys(args[at] ?? {}));
          expect(decoded.names[decoded.indexes[at] ?? -1]).toBe(names[places[at] ?? -1]);
        });
      }),
    );
  });

  it('name their properties once per batch', () => {
    const args = Array.from({ length: 100 }, (_, at) => ({ account: `a${at}`, amount: at }));
    const body = Buffer.from(encodeCommandBatch(['deposit'], new Array<number>(100).fill(0), args));
    expect(body.toString('latin1').split('account')).toHaveLength(2);
  });

  it('of more shapes than a batch has room for go as they are', () => {
    const args = Array.from({ length: 1000 }, (_, at) => ({ [`property${at}`]: at }));
    const decoded = decodeCommandBatch(encodeCommandBatch(['f'], new Array<number>(1000).fill(0), args), 1000);
    expect(decoded.args).toEqual(args);
    expect(decoded.names.length).toBeLessThan(100);
  });

  it('may come as maps, from those who write frames by hand', () => {
    const body = encodeValue([['f', 'g'], Buffer.from([1, 0]), [{ a: 1 }, [2]]]);
    expect(decodeCommandBatch(body, 2)).toMatchObject({ names: ['f', 'g'], args: [{ a: 1 }, [2]] });
  });

  it.each([
    ['a kind without a name', [[[]], Buffer.from([0]), []]],
    ['a kind that is a number', [[7], Buffer.from([0]), [1]]],
    ['a property that is a number', [[['f', 1]], Buffer.from([0]), [1]]],
    ['a property twice', [[['f', 'a', 'a']], Buffer.from([0]), [1, 2]]],
    ['a property called __proto__', [[['f', '__proto__']], Buffer.from([0]), [{}]]],
    ['a value too few', [[['f', 'a', 'b']], Buffer.from([0]), [1]]],
    ['a value too many', [[['f', 'a']], Buffer.from([0]), [1, 2]]],
    ['a value too many, of plain kinds', [['f'], Buffer.from([0]), [1, 2]]],
    ['values that are no list', [['f'], Buffer.from([0]), 'ab']],
    ['an index beyond the kinds', [[['f', 'a']], Buffer.from([1]), [1]]],
  ])('are refused with %s', (_, body) => {
    expect(() => decodeCommandBatch(encodeValue(body), 1)).toThrow(expect.objectContaining({ code: 'BAD_FRAME' }));
  });
});
