import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPartitionMap, type PartitionMapOptions } from '../../src/classifier/create-partition-map.js';
import { PartitionMap } from '../../src/classifier/partition-map.js';
import { SLOTS, slotOf } from '../../src/classifier/slots.js';
import { codeAndMessage } from '../service/thrown.js';

const keysIn = (slot: (slot: number) => boolean): string[] =>
  Array.from({ length: 4000 }, (_, i) => `k${i}`).filter((key) => slot(slotOf(key)));

describe('a partition map', () => {
  it('spreads slots evenly over 1 to 64 streams', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), (streams) => {
        const counts = new Array<number>(streams).fill(0);
        for (const stream of createPartitionMap({ streams }).toJson().slots)
          counts[stream - 1] = (counts[stream - 1] ?? 0) + 1;
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        expect(Math.min(...counts)).toBeGreaterThan(0);
      }),
    );
  });

  it('is the same after a journey as JSON', () => {
    const options: PartitionMapOptions = {
      streams: [{ name: 'a' }, { name: 'b' }, {}],
      partitioning: {
        classes: { 'pin:': { place: 'pin', stream: 'b' }, 'all:': { place: 'everywhere' }, 'p': { place: 'hash' } }, // prettier-ignore
        slots: { '0-99': 3 },
      },
    };
    const map = createPartitionMap(options);
    const again = PartitionMap.fromJson(JSON.parse(JSON.stringify(map.toJson())));
    expect(again.toJson()).toEqual(map.toJson());
    expect([again.epoch, again.streams, again.names, again.hasEverywhere]).toEqual([
      map.epoch,
      3,
      ['a', 'b', '3'],
      true,
    ]);
    fc.assert(
      fc.property(fc.tuple(fc.constantFrom('', 'pin:', 'all:', 'p', 'pi'), fc.string()), ([prefix, rest]) => {
        expect(again.streamOf(prefix + rest)).toBe(map.streamOf(prefix + rest));
      }),
    );
  });

  it('has an epoch that follows what it places, not how it is written', () => {
    const map = createPartitionMap({
      streams: 2,
      partitioning: { classes: { a: { place: 'everywhere' }, b: { place: 'hash' } } },
    });
    const { slots } = map.toJson();
    const reordered = {
      classes: [
        { stream: -1, prefix: 'b', note: 1 },
        { prefix: 'a', stream: 0 },
      ],
      slots,
      names: ['x', 'y'],
    };
    expect(PartitionMap.fromJson(reordered).epoch).toBe(map.epoch);
    const others = [
      { ...map.toJson(), slots: slots.map((stream, slot) => (slot === 7 ? 3 - stream : stream)) },
      { ...map.toJson(), classes: [] },
      { ...map.toJson(), names: ['1', '2', '3'] },
    ];
    const epochs = new Set([map, ...others.map((json) => PartitionMap.fromJson(json))].map(({ epoch }) => epoch));
    expect(epochs.size).toBe(4);
    for (const epoch of epochs) expect(epoch).toBe(epoch >>> 0);
  });

  it('places a key class by its longest prefix', () => {
    const map = createPartitionMap({
      streams: [{}, { name: 'hot' }, {}],
      partitioning: {
        classes: {
          'rate:': { place: 'everywhere' },
          'rate:old:': { place: 'pin', stream: 3 },
          'rate:old:x': { place: 'hash' },
          'hot:': { place: 'pin', stream: 'hot' },
        },
      },
    });
    expect(['rate:usd', 'rate:old:usd', 'hot:1'].map((key) => map.streamOf(key))).toEqual([0, 3, 2]);
    for (const key of ['rate', 'rate:old:x7', '', 'user:1']) expect(map.streamOf(key)).toBe((slotOf(key) % 3) + 1);
  });

  it('gives named slots to named streams and leaves the others as they were', () => {
    const map = createPartitionMap({
      streams: [{ name: 'a' }, { name: 'b' }],
      partitioning: { slots: { '0-511': 'b', '1023': 1 } },
    });
    for (const key of keysIn((slot) => slot <= 511)) expect(map.streamOf(key)).toBe(2);
    for (const key of keysIn((slot) => slot === SLOTS - 1)) expect(map.streamOf(key)).toBe(1);
    for (const key of keysIn((slot) => slot > 511 && slot < 1023))
      expect(map.streamOf(key)).toBe((slotOf(key) % 2) + 1);
  });

  it.each([
    ['no stream', { streams: 0 }, "at 'streams': found 0; it accepts 1 to 64"],
    ['too many streams', { streams: 65 }, 'found 65'],
    ['half a stream', { streams: 1.5 }, 'found 1.5'],
    ['an empty list of streams', { streams: [] }, 'found 0'],
    ['two streams of one name', { streams: [{ name: 'a' }, { name: 'a' }] }, "two streams are called 'a'"],
    ["a name that is another stream's number", { streams: [{ name: '2' }, {}] }, "two streams are called '2'"],
    [
      'a pin to a stream that is not there',
      { streams: 2, partitioning: { classes: { 'hot:': { place: 'pin', stream: 3 } } } },
      `at 'partitioning.classes["hot:"].stream': found 3; it accepts a stream's number, 1 to 2, or name: 1, 2`,
    ],
    [
      'a pin to a name that no stream has',
      { streams: [{ name: 'a' }], partitioning: { classes: { x: { place: 'pin', stream: 'b' } } } },
      `at 'partitioning.classes.x.stream': found "b"`,
    ],
    [
      'slots of a stream that is not there',
      { streams: 2, partitioning: { slots: { '5': 'b' } } },
      `at 'partitioning.slots["5"]': found "b"`,
    ],
    [
      'slots beyond the last',
      { streams: 2, partitioning: { slots: { '1000-1024': 1 } } },
      'accepts slots from 0 to 1023',
    ],
    ['slots backwards', { streams: 2, partitioning: { slots: { '9-8': 1 } } }, 'low to high'],
    ['a slot placed twice', { streams: 2, partitioning: { slots: { '0-9': 1, '9': 2 } } }, 'is in'],
  ] as const)('refuses %s', (_, options, sentence) => {
    const [code, message] = codeAndMessage(() => createPartitionMap(options));
    expect(code).toBe('INVALID_CONFIG');
    expect(message).toContain(sentence);
  });

  it('refuses JSON that is none', () => {
    const { names, slots, classes } = createPartitionMap({ streams: 2 }).toJson();
    const twice = { prefix: 'a', stream: 1 };
    const wrong: readonly unknown[] = [
      null,
      {},
      { names: [], slots, classes },
      { names, slots: slots.slice(1), classes },
      { names, slots: slots.map(() => 3), classes },
      { names, slots: slots.map(() => 0), classes },
      { names, slots, classes: [{ prefix: 'a', stream: 3 }] },
      { names, slots, classes: [{ prefix: 1, stream: 1 }] },
      { names, slots, classes: [twice, twice] },
      { names: [1, 2], slots, classes },
    ];
    for (const json of wrong) expect(codeAndMessage(() => PartitionMap.fromJson(json))[0]).toBe('INVALID_CONFIG');
  });
});
