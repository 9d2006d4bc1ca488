import { expect, it } from 'vitest';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import type { GroupLinkHandlers, OpenLink } from '../../src/client/group-link.js';
import { Subscriptions } from '../../src/client/subscriptions.js';
import { decodeSubscriptionRequest, encodeEnded, encodeSubscribed } from '../../src/transport/subscription-frames.js';
import { seededRandom, SimulatedClock } from './simulated-clock.js';

const MAP = createPartitionMap({ streams: 2 });

/** Streams that answer as they are told to; a stream without an answer says nothing. */
function open(answer: (stream: number, nth: number) => ((id: number) => Uint8Array)[]): {
  subscriptions: Subscriptions;
  asked: number[];
} {
  const clock = new SimulatedClock(seededRandom(1));
  const asked: number[] = [];
  const openLink: OpenLink = (stream, _session, handlers: GroupLinkHandlers) => {
    queueMicrotask(() => handlers.writable());
    return {
      send: (bytes) => {
        const { id } = decodeSubscriptionRequest(bytes);
        const nth = asked.push(stream);
        for (const reply of answer(stream, nth)) queueMicrotask(() => handlers.frame(reply(id)));
        return true;
      },
      refused: () => undefined,
      suspect: () => undefined,
      close: () => undefined,
    };
  };
  const subscriptions = new Subscriptions({
    ...{ clock, openLink, silenceMs: Infinity, giveUpMs: 1000 },
    newSession: () => new Uint8Array(16),
    map: () => Promise.resolve(MAP),
  });
  return { subscriptions, asked };
}

const begun = (stream: number) => (id: number) => encodeSubscribed(stream, id, { origin: 5, sequence: 9 });
const lost = (stream: number) => (id: number) => encodeEnded(stream, id, 'SUBSCRIPTION_LOST', 'left behind');

it('who subscribes from now on begins again where one stream is lost before all have begun', async () => {
  const { subscriptions, asked } = open((stream, nth) => {
    if (nth <= 2) return stream === 1 ? [begun(1), lost(1)] : [];
    return [begun(stream)];
  });
  const subscription = await subscriptions.open({ prefixes: [''] });
  expect(subscription.position).toEqual([
    [5, 9],
    [5, 9],
  ]);
  expect(asked).toEqual([1, 2, 1, 2]);
  subscriptions.close();
});

it('who goes on behind a position is told that it is lost', async () => {
  const { subscriptions, asked } = open((stream) => [lost(stream)]);
  const after = [[5, 1] as const, [5, 1] as const];
  await expect(subscriptions.open({ prefixes: [''], after })).rejects.toMatchObject({ code: 'SUBSCRIPTION_LOST' });
  expect(asked).toEqual([1, 2]);
});
