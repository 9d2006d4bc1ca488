import { describe, expect, it } from 'vitest';
import { decodeValue } from '../../src/execution/command-batch.js';
import { EventRing } from '../../src/execution/event-ring.js';

const NOW_MS = 5000;

function ring(count: number, limits = { eventsKeptMax: 100, eventsKeptBytesMax: 10_000 }): EventRing {
  const events = new EventRing(limits);
  for (let value = 1; value <= count; value++) events.append('key', value, NOW_MS + value);
  return events;
}

describe('a ring of events', () => {
  it('counts events from 1 and keeps the newest', () => {
    const events = ring(1000);
    expect([events.first, events.last]).toEqual([901, 1000]);
    expect(events.get(900)).toBeUndefined();
    expect(events.get(1001)).toBeUndefined();
    for (const sequence of [901, 950, 1000])
      expect(decodeValue(events.get(sequence)?.bytes ?? new Uint8Array())).toEqual([
        sequence,
        NOW_MS + sequence,
        'key',
        sequence,
      ]);
  });

  it('keeps no more bytes than it may, and always the newest event', () => {
    const events = ring(0, { eventsKeptMax: 100, eventsKeptBytesMax: 1000 });
    for (let at = 0; at < 20; at++) events.append('key', 'x'.repeat(180), NOW_MS);
    expect(events.last - events.first + 1).toBe(5);
    events.append('key', 'x'.repeat(5000), NOW_MS);
    expect([events.first, events.last]).toEqual([21, 21]);
  });

  it('reaches places of its own history, from the one before its oldest event on', () => {
    const events = ring(150);
    const { origin } = events;
    for (const sequence of [50, 51, 150]) expect(events.reaches({ origin, sequence })).toBe(true);
    for (const sequence of [0, 49, 151]) expect(events.reaches({ origin, sequence })).toBe(false);
    expect(events.reaches({ origin: origin + 1, sequence: 100 })).toBe(false);
    expect(ring(3).reaches({ origin: 0, sequence: 0 })).toBe(true);
    expect(ring(0).reaches({ origin: 0, sequence: 0 })).toBe(true);
    expect(ring(0).reaches({ origin, sequence: 3 })).toBe(false);
  });

  it('goes on from a checkpoint as if it had never stopped', () => {
    const events = ring(150);
    const { place, events: kept } = events.encode();
    const restored = ring(0);
    restored.restorePlace(place);
    for (const event of kept) restored.restoreEvent(event);
    for (const one of [events, restored]) one.append('other', { deep: true }, NOW_MS);
    expect([restored.first, restored.last, restored.origin]).toEqual([events.first, events.last, events.origin]);
    const hex = (one: EventRing): string[] => one.encode().events.map((bytes) => Buffer.from(bytes).toString('hex'));
    expect(hex(restored)).toEqual(hex(events));
  });
});
