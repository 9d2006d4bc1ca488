/** A feed of the simulated engine: the real EngineFeed on rings, which each worker comes to know when the seed says so. */
import type { GroupLinkHandlers } from '../../src/client/group-link.js';
import { DEFAULT_LIMITS } from '../../src/config/limits.js';
import { RingReader, RingWriter } from '../../src/memory/ring.js';
import { announceFeed, EngineFeed } from '../../src/replica/feed.js';
import type { RingClientMemory } from '../../src/replica/ring-client.js';
import type { SimulatedEngine } from './simulated-engine.js';

export class SimulatedFeed {
  readonly feed: EngineFeed;
  /** Entries sent, by group. */
  readonly sent: number[] = [];
  readonly #links: { readonly replies: RingReader; readonly handlers: GroupLinkHandlers }[] = [];
  /** Messages to workers about the feed that have not come to them yet. */
  readonly #posted: { readonly group: number; readonly memory: RingClientMemory }[] = [];
  readonly #engine: SimulatedEngine;

  /** `others`: what other threads do between two of the main thread's messages. */
  constructor(engine: SimulatedEngine, others: () => void) {
    this.#engine = engine;
    const groups = engine.map.streams + 1;
    const memory = announceFeed(engine.control, groups, DEFAULT_LIMITS.ringBytes, (group, ring) => {
      others();
      this.#posted.push({ group, memory: ring });
    });
    this.feed = new EngineFeed({
      service: engine.service,
      map: engine.map,
      limits: DEFAULT_LIMITS,
      open: (group, handlers) => {
        const requests = new RingWriter(memory.requests[group] as SharedArrayBuffer);
        this.sent[group] = 0;
        this.#links.push({ replies: new RingReader(memory.replies[group] as SharedArrayBuffer, null), handlers });
        return {
          send: (frame) => {
            if (!requests.offer(frame)) throw new Error('the ring is full');
            requests.publish();
            this.sent[group] = (this.sent[group] ?? 0) + 1;
            return true;
          },
          close: () => undefined,
        };
      },
    });
  }

  /** Whether every worker knows of its ring. */
  get delivered(): boolean {
    return this.#posted.length === 0;
  }

  /** A worker comes to its message. */
  deliver(random: () => number): void {
    const [message] = this.#posted.splice(Math.floor(random() * this.#posted.length), 1);
    if (message !== undefined) this.#engine.nodes[message.group]?.addFeed(message.memory);
  }

  receive(): void {
    for (const { replies, handlers } of this.#links) {
      for (let bytes = replies.read(); bytes !== null; bytes = replies.read()) handlers.frame(bytes);
    }
  }
}
