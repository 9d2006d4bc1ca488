import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Classifier, readKeys } from '../../src/classifier/classify.js';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import type { PartitionMap } from '../../src/classifier/partition-map.js';
import { everyKey, type Command, type KeyedCommand, type Keys } from '../../src/service/command.js';
import { codeAndMessage } from '../service/thrown.js';

const partitioning = { classes: { 'all:': { place: 'everywhere' }, 'pin:': { place: 'pin', stream: 1 } } } as const;

const command = (keys: (args: unknown) => Keys, readOnly = false): KeyedCommand => ({
  keys,
  readOnly,
  execute: () => 1,
});
const returning = (keys: unknown, readOnly = false): KeyedCommand => command(() => keys as Keys, readOnly);

/** Destination streams by the rules, from sets. */
function expectedStreams(map: PartitionMap, read: readonly string[], write: readonly string[]): number[] {
  const all = Array.from({ length: map.streams }, (_, at) => at + 1);
  if (write.some((key) => map.streamOf(key) === 0)) return all;
  const owners = new Set([...read, ...write].map((key) => map.streamOf(key)).filter((stream) => stream > 0));
  return owners.size > 0 ? [...owners].sort((a, b) => a - b) : [map.hashedStreamOf(read[0] ?? '')];
}

function streamsOf({ low, high }: { low: number; high: number }): number[] {
  const mask = (BigInt(high) << 32n) | BigInt(low);
  return Array.from({ length: 64 }, (_, at) => at + 1).filter((stream) => (mask >> BigInt(stream - 1)) & 1n);
}

const key = fc
  .tuple(fc.constantFrom('', '', 'all:', 'pin:'), fc.string({ maxLength: 4 }))
  .map((parts) => parts.join(''));
const keys = fc.array(key, { minLength: 1, maxLength: 6 });

describe('classify', () => {
  it('finds streams 32, 33 and 64, alone and together', () => {
    const streams = Array.from({ length: 64 }, (_, at) => ({ name: `s${at + 1}` }));
    const classes = Object.fromEntries([32, 33, 64].map((at) => [`${at}:`, { place: 'pin' as const, stream: at }]));
    const classifier = new Classifier(createPartitionMap({ streams, partitioning: { classes } }));
    const classify = (...names: readonly string[]): unknown => classifier.classify('c', returning(names), {});
    expect(classify('32:a', '32:b')).toEqual({ group: 32, mask: { low: 0x8000_0000, high: 0 } });
    expect(classify('64:a')).toEqual({ group: 64, mask: { low: 0, high: 0x8000_0000 } });
    expect(classify('64:a', '32:a')).toEqual({ group: 0, mask: { low: 0x8000_0000, high: 0x8000_0000 } });
    expect(classify('33:a', '64:a', '33:b')).toEqual({ group: 0, mask: { low: 0, high: 0x8000_0001 } });
  });

  it('finds the streams that a set of keys belongs to, whatever the map', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 64 }),
        keys,
        fc.array(key, { maxLength: 4 }),
        fc.boolean(),
        (streams, ...rest) => {
          const [read, write, plainList] = rest;
          const map = createPartitionMap({ streams, partitioning });
          const declared = plainList ? read : { read, write };
          const { group, mask } = new Classifier(map).classify('c', returning(declared), {});
          const expected = expectedStreams(map, read, plainList ? read : write);
          expect(streamsOf(mask)).toEqual(expected);
          expect(group).toBe(expected.length === 1 ? expected[0] : 0);
          expect([mask.low, mask.high]).toEqual([mask.low >>> 0, mask.high >>> 0]);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('sends a read of what is kept everywhere to one stream, and a write to all', () => {
    const classifier = new Classifier(createPartitionMap({ streams: 3, partitioning }));
    const streams = (keyed: Command): number[] => streamsOf(classifier.classify('c', keyed, {}).mask);
    expect(streams(returning(['all:a'], true))).toHaveLength(1);
    expect(streams(returning(['all:a', 'pin:b'], true))).toEqual([1]);
    expect(streams(returning({ read: ['all:a'], write: ['pin:b'] }))).toEqual([1]);
    expect(streams(returning({ read: ['all:a', 'pin:b'], write: ['all:a'] }))).toEqual([1, 2, 3]);
    expect(streams(returning(['all:a']))).toEqual([1, 2, 3]);
  });

  it('sends a command over every key to all streams, and to the only one where there is one', () => {
    const scan: Command = { keys: everyKey, partial: () => 1, merge: () => 1 };
    expect(new Classifier(createPartitionMap({ streams: 64 })).classify('scan', scan, {})).toEqual({
      group: 0,
      mask: { low: 0xffff_ffff, high: 0xffff_ffff },
    });
    expect(new Classifier(createPartitionMap({ streams: 1 })).classify('scan', scan, {}).group).toBe(1);
  });
});

describe('readKeys', () => {
  it('takes a list as read and written, and as read alone for a read-only command', () => {
    expect(readKeys('c', returning(['a', 'b']), {})).toEqual({ read: ['a', 'b'], write: ['a', 'b'] });
    expect(readKeys('c', returning(['a'], true), {})).toEqual({ read: ['a'], write: [] });
    expect(readKeys('c', returning({ read: ['a'] }), {})).toEqual({ read: ['a'], write: [] });
  });

  it('lets a command read what it writes', () => {
    expect(readKeys('c', returning({ write: ['a'] }), {})).toEqual({ read: ['a'], write: ['a'] });
    const both = readKeys('c', returning({ read: ['a', 'b'], write: ['b', 'c'] }), {});
    expect(both).toEqual({ read: ['a', 'b', 'c'], write: ['b', 'c'] });
  });

  it('accepts 1,024 keys of 1,024 characters', () => {
    const many = Array.from({ length: 1024 }, (_, at) => String(at).padStart(1024, 'k'));
    expect(readKeys('c', returning(many), {}).read).toHaveLength(1024);
  });

  it.each([
    ['nothing', undefined, 'it returned no list'],
    ['one string', 'a', 'it returned no list'],
    ['a promise', Promise.resolve(['a']), 'it returned no key at all'],
    ['an empty list', [], 'it returned no key at all'],
    ['lists of neither reads nor writes', { read: [], write: [] }, 'it returned no key at all'],
    ['other names', { reads: ['a'] }, 'it returned no key at all'],
    ['a string for a list', { read: 'a' }, "'read' and 'write' are not lists"],
    ['a number', [5], 'a key that is no string (number)'],
    ['an argument that is missing', [undefined], 'undefined for a key, as where an argument is missing'],
    ['too many keys', new Array(1025).fill('k'), 'it returned 1025 keys; 1024 are allowed'],
    [
      'too many keys in two lists',
      { read: new Array<string>(1000).fill('k'), write: new Array<string>(25).fill('l') },
      '1025',
    ],
    ['a long key', ['k'.repeat(1025)], 'a key of 1025 characters; 1024 are allowed'],
    ['half a surrogate pair', ['\ud83d'], 'half a surrogate pair'],
  ])('refuses %s', (_, returned, sentence) => {
    const [code, message] = codeAndMessage(() => readKeys('pay', returning(returned), {}));
    expect(code).toBe('INVALID_KEYS');
    expect(message).toContain("The keys of 'pay' cannot be used: ");
    expect(message).toContain(sentence);
  });

  it('refuses writes of a read-only command', () => {
    const [code, message] = codeAndMessage(() => readKeys('pay', returning({ read: ['a'], write: ['b'] }, true), {}));
    expect([code, message.includes('it writes keys, but is readOnly')]).toEqual(['INVALID_KEYS', true]);
  });

  it('says that arguments are wrong where the key function throws', () => {
    const transfer = command((args) => [(args as { from: { id: string } }).from.id]);
    const [code, message] = codeAndMessage(() => readKeys('transfer', transfer, {}));
    expect(code).toBe('INVALID_ARGUMENTS');
    expect(message).toMatch(/arguments of 'transfer' do not fit it: its keys function threw "Cannot read prop/);
  });
});
