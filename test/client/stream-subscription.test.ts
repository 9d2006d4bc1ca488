import { expect, it } from 'vitest';
import { StreamSubscription } from '../../src/client/stream-subscription.js';
import type { GroupLink, OpenLink } from '../../src/client/group-link.js';
import { PsmrError } from '../../src/errors.js';
import { EventRing } from '../../src/execution/event-ring.js';
import type { DecodedEvent } from '../../src/transport/subscription-frames.js';
import { decodeSubscriptionRequest, encodeEvents, encodeSubscribed } from '../../src/transport/subscription-frames.js';
import { seededRandom, SimulatedClock } from './simulated-clock.js';

const WINDOW = 1024;
const ORIGIN = 1000;

/** A replica that fills the window of each link, and then breaks it. */
class Flapping {
  readonly clock: SimulatedClock;
  readonly ring = new EventRing({ eventsKeptMax: 100_000, eventsKeptBytesMax: 1 << 30 });
  links = 0;

  constructor(clock: SimulatedClock) {
    this.clock = clock;
    for (let value = 1; value <= 5000; value++) this.ring.append('key', 'x'.repeat(80), ORIGIN);
  }

  readonly openLink: OpenLink = (_group, _session, { frame, writable, lost }) => {
    this.links++;
    const link: GroupLink = {
      send: (bytes) => {
        const request = decodeSubscriptionRequest(bytes);
        if (request.kind !== 'subscribe') return true;
        const from = request.after?.sequence ?? 0;
        this.clock.soon(() => {
          frame(encodeSubscribed(1, request.id, { origin: ORIGIN, sequence: from }));
          frame(this.#windowFrom(from + 1, request.id));
          lost(new PsmrError('UNREACHABLE', 'the link broke'), true);
        });
        return true;
      },
      refused: () => undefined,
      suspect: () => undefined,
      close: () => undefined,
    };
    this.clock.soon(writable);
    return link;
  };

  #windowFrom(first: number, id: number): Uint8Array {
    const events = [];
    let bytes = 0;
    for (let sequence = first; bytes < WINDOW - 100; sequence++) {
      const event = this.ring.get(sequence);
      if (event === undefined) break;
      events.push(event);
      bytes += event.bytes.byteLength;
    }
    return encodeEvents(1, id, { origin: ORIGIN, sequence: first + events.length - 1 }, events);
  }
}

it('a subscriber that takes nothing gets no second window from a link after another', () => {
  const clock = new SimulatedClock(seededRandom(1));
  const replica = new Flapping(clock);
  const waiting: { event: DecodedEvent; link: number }[] = [];
  let ended: PsmrError | null = null;
  const subscription = new StreamSubscription({
    ...{ stream: 1, epoch: 1, keys: ['key'], prefixes: [], after: null, windowBytes: WINDOW },
    ...{ silenceMs: 1000, giveUpMs: 5000, clock, openLink: replica.openLink },
    newSession: () => new Uint8Array(16),
    started: () => undefined,
    event: (event) => waiting.push({ event, link: subscription.linkNumber }),
    failed: (error) => (ended = error),
  });
  const taken: number[] = [];
  for (let round = 1; round <= 20; round++) {
    clock.run(clock.now() + 60_000);
    expect(ended).toBeNull();
    expect(waiting.length).toBeGreaterThan(0);
    expect(waiting.reduce((sum, { event }) => sum + event.bytes, 0)).toBeLessThanOrEqual(WINDOW);
    // It takes all, one after another, and then more may come.
    for (const { event, link } of waiting.splice(0)) {
      taken.push(event.sequence);
      subscription.taken(event.bytes, link);
    }
  }
  expect(replica.links).toBe(21);
  expect(taken).toEqual(taken.map((_, at) => at + 1));
  subscription.close();
});
