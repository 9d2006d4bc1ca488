import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Doorbell } from '../../src/memory/doorbell.js';
import { createRing, RingReader, RingWriter } from '../../src/memory/ring.js';

function message(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (seed * 31 + at * 7) & 0xff);
}

describe('a ring', () => {
  it('delivers every message once, whole and in order, at any interleaving and any size', () => {
    const lengths = fc.array(fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 20_000 })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(lengths, fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }), (sizes, schedule) => {
        const ring = createRing(4096);
        const writer = new RingWriter(ring);
        const reader = new RingReader(ring, null);
        const sent = sizes.map(message);
        const received: Uint8Array[] = [];
        for (let next = 0, turn = 0; received.length < sent.length; turn++) {
          if (schedule[turn % schedule.length] === true && next < sent.length) {
            if (writer.offer(sent[next] as Uint8Array)) next++;
          } else {
            writer.flush();
            writer.publish();
            const found = reader.read();
            if (found !== null) received.push(found);
          }
          // A schedule without reads would never end.
          if (turn > 10_000) expect.unreachable('the ring made no progress');
          if (!schedule.includes(false)) schedule.push(false);
          if (!schedule.includes(true)) schedule.push(true);
        }
        expect(received.map((bytes) => [...bytes])).toEqual(sent.map((bytes) => [...bytes]));
      }),
    );
  });

  it('keeps counting past the end of 32 bits', () => {
    const ring = createRing(4096);
    // Both positions start shortly before 2^32.
    new Int32Array(ring)[0] = -64;
    new Int32Array(ring)[16] = -64;
    const writer = new RingWriter(ring);
    const reader = new RingReader(ring, null);
    for (let round = 0; round < 20; round++) {
      expect(writer.offer(message(24, round))).toBe(true);
      writer.publish();
      expect(reader.read()).toEqual(Buffer.from(message(24, round)));
    }
  });

  it('shows nothing that was not published: a producer that dies in a message leaves no trace of it', () => {
    const ring = createRing(4096);
    const writer = new RingWriter(ring);
    writer.offer(message(100, 1));
    expect(new RingReader(ring, null).read()).toBeNull();
  });

  it('refuses a message while there is no room, and rings the producer once there is', () => {
    const ring = createRing(4096);
    const words = new Int32Array(new SharedArrayBuffer(4));
    const bell = new Doorbell(words, 0);
    const writer = new RingWriter(ring);
    const reader = new RingReader(ring, bell);
    while (writer.offer(message(500, 0)));
    writer.publish();
    bell.prepare();
    expect(words[0]).toBe(1);
    expect(reader.read()).not.toBeNull();
    expect(words[0]).toBe(0);
    expect(writer.offer(message(500, 1))).toBe(true);
  });
});
