/** What a stream does for its subscribers, seen from their links. */
import { describe, expect, it } from 'vitest';
import type { PsmrError } from '../../src/errors.js';
import { EventRing } from '../../src/execution/event-ring.js';
import { Subscriptions } from '../../src/replica/subscriptions.js';
import { decodeSubscriptionReply, type SubscriptionReply } from '../../src/transport/subscription-frames.js';

const EPOCH = 7;
const KEPT = 1000;

type Answer = (index: number | PsmrError) => void;

class Link {
  readonly stream: Stream;
  readonly got: SubscriptionReply[] = [];
  takenBytes = 0;

  constructor(stream: Stream) {
    this.stream = stream;
  }

  send(frame: Uint8Array): boolean {
    this.got.push(decodeSubscriptionReply(frame));
    return true;
  }

  subscribe(id: number, topics: { keys?: string[]; prefixes?: string[] }, windowBytes = 1 << 20): void {
    const { keys = [], prefixes = [] } = topics;
    const request = { kind: 'subscribe', id, epoch: EPOCH, keys, prefixes, after: null, windowBytes } as const;
    this.stream.subscriptions.receive(this, request);
  }

  /** Says that it has taken everything. */
  take(id: number, ask = false): void {
    const bytes = this.got.flatMap((reply) => (reply.kind === 'events' ? reply.events : []));
    const sum = bytes.reduce((total, event) => total + event.bytes, 0);
    this.stream.subscriptions.receive(this, { kind: 'taken', id, bytes: sum, ask });
  }

  get sequences(): number[] {
    return this.got.flatMap((reply) => (reply.kind === 'events' ? reply.events.map(({ sequence }) => sequence) : []));
  }

  get endings(): string[] {
    return this.got.flatMap((reply) => (reply.kind === 'ended' ? [reply.code] : []));
  }
}

/** One stream; its log answers at once, or when it is told to. */
class Stream {
  readonly events = new EventRing({ eventsKeptMax: KEPT, eventsKeptBytesMax: 1 << 20 });
  readonly asked: Answer[] = [];
  readonly subscriptions: Subscriptions;

  constructor(answersAtOnce = true) {
    this.subscriptions = new Subscriptions({
      group: 1,
      epoch: EPOCH,
      events: this.events,
      wake: () => undefined,
      windowBytesMax: 1 << 20,
      log: {
        readIndex: (done) => {
          if (answersAtOnce) done(0);
          else this.asked.push(done);
        },
      },
    });
  }

  publish(count: number, key = 'key'): void {
    for (let each = 0; each < count; each++) this.events.append(key, each, 5000);
  }

  /** As one poll of the stream's worker. */
  pump(): void {
    this.subscriptions.pump(0);
  }

  pumpAll(): void {
    while (this.subscriptions.pump(0));
  }
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);

describe('subscribers of a stream', () => {
  it('are served as fast as commands publish: the ring leaves behind only those who do not take', () => {
    const stream = new Stream();
    const links = range(1, 20).map(() => new Link(stream));
    for (const link of links) link.subscribe(1, { prefixes: [''] });
    stream.pumpAll();
    for (let poll = 0; poll < 30; poll++) {
      stream.publish(KEPT / 4);
      stream.pump();
      for (const link of links) link.take(1);
    }
    stream.pumpAll();
    for (const link of links) {
      expect(link.endings).toEqual([]);
      expect(link.sequences).toEqual(range(1, (30 * KEPT) / 4));
    }
  });

  it('with a thousand prefixes give way to other work as others do', () => {
    const stream = new Stream();
    const link = new Link(stream);
    link.subscribe(1, { prefixes: range(1, 1000).map((nth) => `other/${nth}`) });
    link.subscribe(2, { keys: ['key'] });
    stream.pumpAll();
    stream.publish(500);
    stream.pump();
    const before = performance.now();
    let polls = 1;
    while (stream.subscriptions.pump(0)) polls++;
    expect(polls).toBeGreaterThan(5);
    expect(performance.now() - before).toBeLessThan(5000);
    expect(link.sequences).toEqual(range(1, 500));
  });

  it('that ask and ask while the log does not answer share few questions', () => {
    const stream = new Stream(false);
    const link = new Link(stream);
    link.subscribe(1, { keys: ['key'] });
    stream.pump();
    stream.asked[0]?.(0);
    stream.pump();
    for (let each = 0; each < 1000; each++) {
      link.take(1, true);
      stream.pump();
    }
    expect(stream.asked.length).toBeLessThan(50);
    stream.asked.splice(0).forEach((done) => done(0));
    stream.pumpAll();
    stream.asked.splice(0).forEach((done) => done(0));
    stream.pumpAll();
    // The last one is answered, too.
    link.got.length = 0;
    link.take(1, true);
    stream.pump();
    stream.asked.splice(0).forEach((done) => done(0));
    stream.pumpAll();
    expect(link.got).toMatchObject([{ kind: 'events', events: [] }]);
  });

  it('are refused with what to do where their keys would fill the memory, until others go', () => {
    const stream = new Stream();
    const keys = range(1, 1000).map((nth) => `${nth}`.padStart(60));
    const links: Link[] = [];
    for (let each = 0; each < 1000; each++) {
      const link = new Link(stream);
      link.subscribe(1, { keys });
      if (link.endings.length > 0) break;
      links.push(link);
    }
    expect(links.length).toBeGreaterThan(100);
    expect(links.length).toBeLessThan(1000);
    const late = new Link(stream);
    late.subscribe(1, { keys });
    expect(late.endings).toEqual(['OVERLOADED']);
    expect(JSON.stringify(late.got)).toContain('Subscribe at another replica');
    stream.subscriptions.drop(links[0] as Link);
    stream.subscriptions.drop(links[0] as Link);
    late.subscribe(2, { keys });
    late.subscribe(3, { keys });
    expect(late.endings).toEqual(['OVERLOADED', 'OVERLOADED']);
    stream.pumpAll();
    expect(late.got.at(-1)).toMatchObject({ kind: 'subscribed', id: 2 });
  });

  it('get nothing more once they have unsubscribed, and the id is free again', () => {
    const stream = new Stream();
    const link = new Link(stream);
    link.subscribe(1, { keys: ['key'] });
    stream.pumpAll();
    stream.publish(3);
    stream.pumpAll();
    link.subscribe(1, { keys: ['key'] });
    expect(link.endings).toEqual(['OVERLOADED']);
    stream.subscriptions.receive(link, { kind: 'unsubscribe', id: 1 });
    stream.publish(3);
    stream.pumpAll();
    expect(link.sequences).toEqual([1, 2, 3]);
    link.subscribe(1, { keys: ['key'] });
    stream.pumpAll();
    stream.publish(1);
    stream.pumpAll();
    expect(link.sequences).toEqual([1, 2, 3, 7]);
  });

  it('that claim to have taken what was never sent get no more than their window', () => {
    const stream = new Stream();
    const link = new Link(stream);
    link.subscribe(1, { keys: ['key'] }, 1024);
    stream.pumpAll();
    stream.publish(500);
    stream.pumpAll();
    const first = link.sequences.length;
    expect(first).toBeLessThan(110);
    stream.subscriptions.receive(link, { kind: 'taken', id: 1, bytes: 1e9, ask: false });
    stream.pumpAll();
    expect(link.sequences.length).toBeLessThanOrEqual(2 * first + 1);
    stream.subscriptions.receive(link, { kind: 'taken', id: 9, bytes: 1, ask: true });
    stream.pumpAll();
  });
});
