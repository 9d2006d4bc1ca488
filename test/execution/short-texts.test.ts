import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { decodeReply, type Results } from '../../src/client/reply.js';
import { decodeCommandBatch, decodeValue, encodeCommandBatch, encodeValue } from '../../src/execution/command-batch.js';
import { ResultBatch } from '../../src/execution/result-batch.js';
import { readValues, SHORT_TEXT_MAX, splitValues } from '../../src/execution/short-texts.js';
import { normalizeValue } from '../../src/service/values.js';
import { heapUsed } from './heap-used.js';

const text = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 10 }),
  fc.integer({ min: SHORT_TEXT_MAX - 2, max: 300 }).map((length) => 'x'.repeat(length)),
);
const value = fc.oneof(
  { arbitrary: text, weight: 6 },
  fc.constantFrom(undefined, null, true, 0, -1, 1.5, 252, 255, '', '\0', '\x7f'),
  fc.array(text, { maxLength: 3 }),
);
const ascii = fc.string({ unit: 'grapheme-ascii', maxLength: 40 });
const list = fc.oneof(fc.array(value, { maxLength: 300 }), fc.array(ascii, { minLength: 8, maxLength: 300 }));
const plainly = (values: readonly unknown[]): unknown => decodeValue(encodeValue(values));

describe('a list of values whose short texts stand apart', () => {
  it('comes back as it would have without', () => {
    fc.assert(
      fc.property(list, (values) => {
        const { values: others, short } = splitValues(values);
        const [read, ...shortRead] = decodeValue(encodeValue([others, ...short])) as [unknown[], ...unknown[]];
        const whole = readValues([read, ...shortRead]);
        expect(whole).toStrictEqual(plainly(values));
      }),
    );
  });

  it('is written so where it has eight of them, whatever stands between', () => {
    const few = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'ä', 7, null];
    expect(splitValues(few)).toEqual({ values: few, short: [] });
    const { values, short } = splitValues([...few, 'h', undefined, { x: 1 }]);
    expect(values).toEqual(['ä', 7, { x: 1 }]);
    const [slots, bytes] = short;
    expect([...(slots ?? [])]).toEqual([1, 1, 1, 1, 1, 1, 1, 255, 255, 254, 1, 253, 255]);
    expect(Buffer.from(bytes ?? []).toString()).toBe('abcdefgh');
  });

  it.each([
    ['text too short', [[], Buffer.from([3, 2]), Buffer.from('abcd')]],
    ['text too long', [[], Buffer.from([1]), Buffer.from('ab')]],
    ['a value too few', [[], Buffer.from([255]), Buffer.from('')]],
    ['a value too many', [[1], Buffer.from([254]), Buffer.from('')]],
    ['slots that are no bytes', [[], [1], Buffer.from('a')]],
    ['text that is no bytes', [[], Buffer.from([1]), 'a']],
  ])('is refused with %s', (_, [values, slots, bytes]) => {
    expect(readValues([values, slots, bytes])).toBeNull();
    const kinds = [['f'], Buffer.from([0])];
    expect(() => decodeCommandBatch(encodeValue([...kinds, values, slots, bytes]), 1)).toThrow(
      expect.objectContaining({ code: 'BAD_FRAME' }),
    );
  });

  it('reads a byte of text as the character of its number', () => {
    expect(readValues([[], Buffer.from([2, 1]), Buffer.from([0x80, 0xff, 0x41])])).toEqual(['\x80\xff', 'A']);
  });
});

it('needs no Buffers, which a browser has not', () => {
  const values = ['a', 'bc', 'd', 'e', 'f', 'g', 'h', 'i'.repeat(SHORT_TEXT_MAX), 7, null];
  const written = splitValues(values);
  vi.stubGlobal('Buffer', undefined);
  const there = splitValues(values);
  const read = readValues([there.values, ...there.short]);
  vi.unstubAllGlobals();
  expect(read).toEqual(values);
  expect(there.short.map((bytes) => [...bytes])).toEqual(written.short.map((bytes) => [...bytes]));
});

describe('results', () => {
  it('come back as they were, short texts among them', () => {
    fc.assert(
      fc.property(list, fc.nat(), (values, failed) => {
        const batch = new ResultBatch();
        for (const each of values) batch.succeed(each);
        if (failed % 2 === 0) batch.fail(new Error('no'));
        const { values: read, failures } = decodeReply(batch.encode(1, 1, 0)) as Results;
        expect(read.slice(0, values.length)).toStrictEqual(plainly(values));
        expect(failures).toHaveLength(batch.failed);
      }),
    );
  });
});

describe('what is kept of a batch', () => {
  const COMMANDS = 500;
  const BATCHES = 2_000;
  const batch = encodeCommandBatch(
    ['set'],
    new Array<number>(COMMANDS).fill(0),
    Array.from({ length: COMMANDS }, (_, at) => ({
      value: `${at}`.padStart(32, '0'),
      longer: `${at}`.padStart(SHORT_TEXT_MAX + 2, '0'),
      in: { name: `name ${at}`.padEnd(32) },
    })),
  );
  const oneOf = (at: number): { readonly value: string; readonly longer: string; readonly in: object } =>
    decodeCommandBatch(batch, COMMANDS).args[at % COMMANDS] as { value: string; longer: string; in: object };

  // msgpackr reads texts as pieces of strings of 6,000 characters: 12 MB here.
  it.each([
    ['a text', (at: number) => oneOf(at).value],
    ['a text that is a little too long to stand apart', (at: number) => normalizeValue(oneOf(at).longer)],
    ['an object with a text in it', (at: number) => normalizeValue(oneOf(at).in)],
    ['a list with a text in it', (at: number) => normalizeValue(Object.values(oneOf(at).in))],
  ])('does not keep the batch: %s', (_, keep) => {
    const before = heapUsed();
    const kept = Array.from({ length: BATCHES }, (__, at) => keep(at));
    const each = (heapUsed() - before) / BATCHES;
    expect(each).toBeLessThan(1_000);
    expect(kept).toHaveLength(BATCHES);
  });
});
