/** A feed of the simulated engine: the real EngineFeed on rings, which each worker comes to know when the seed says so. */
import type { Outcome } from '../../src/client/call.js';
import type { GroupLink, GroupLinkHandlers } from '../../src/client/group-link.js';
import { DEFAULT_LIMITS } from '../../src/config/limits.js';
import { RingReader, RingWriter } from '../../src/memory/ring.js';
import { announceFeed, EngineFeed } from '../../src/replica/feed.js';
import type { RingClientMemory } from '../../src/replica/ring-client.js';
import type { ModelCommand } from './model-service.js';
import type { SimulatedEngine } from './simulated-engine.js';

export class SimulatedFeed {
  /** Entries sent, by group. */
  readonly sent: number[] = [];
  readonly #engine: SimulatedEngine;
  readonly #links: { readonly replies: RingReader; readonly handlers: GroupLinkHandlers }[] = [];
  /** Messages to workers about the feed that have not come to them yet. */
  readonly #posted: { readonly group: number; readonly memory: RingClientMemory }[] = [];
  readonly #results: Promise<Outcome[]>[] = [];
  #settled = 0;
  #feed: EngineFeed | null = null;

  constructor(engine: SimulatedEngine) {
    this.#engine = engine;
  }

  get opened(): boolean {
    return this.#feed !== null;
  }

  /** Whether every worker knows of its ring, and every result has come. */
  get settled(): boolean {
    return this.opened && this.#posted.length === 0 && this.#settled === this.#results.length;
  }

  /** By position, once settled. */
  async outcomes(): Promise<Outcome[]> {
    return (await Promise.all(this.#results)).flat();
  }

  append(commands: readonly ModelCommand[]): void {
    this.#feed ??= this.#open();
    const result = this.#feed.append({ commands });
    this.#results.push(result);
    void result.then(() => this.#settled++);
  }

  /** A worker comes to its message; `pick`: which of those, in [0, 1). */
  deliver(pick: number): void {
    const [message] = this.#posted.splice(Math.floor(pick * this.#posted.length), 1);
    if (message !== undefined) this.#engine.nodes[message.group]?.addFeed(message.memory);
  }

  receive(): void {
    for (const { replies, handlers } of this.#links) {
      for (let bytes = replies.read(); bytes !== null; bytes = replies.read()) handlers.frame(bytes);
    }
  }

  #open(): EngineFeed {
    const { control, map, service } = this.#engine;
    const { ringBytes } = DEFAULT_LIMITS;
    const memory = announceFeed(control, map.streams + 1, ringBytes, (group, ring) => {
      this.#posted.push({ group, memory: ring });
    });
    const open = (group: number, handlers: GroupLinkHandlers): GroupLink => {
      const requests = new RingWriter(memory.requests[group] as SharedArrayBuffer);
      this.#links.push({ replies: new RingReader(memory.replies[group] as SharedArrayBuffer, null), handlers });
      this.sent[group] = 0;
      const send = (frame: Uint8Array): boolean => {
        if (!requests.offer(frame)) throw new Error('the ring is full');
        requests.publish();
        this.sent[group] = (this.sent[group] ?? 0) + 1;
        return true;
      };
      return { send, refused: () => undefined, suspect: () => undefined, close: () => undefined };
    };
    return new EngineFeed({ service, map, limits: DEFAULT_LIMITS, open });
  }
}
