/**
 * Replicas as subscribers see them, and a network between: several copies of each stream's events that lag, are cut off
 * and start again from a checkpoint; links that break, or swallow everything.
 */
import type { GroupLink, OpenLink } from '../../src/client/group-link.js';
import { PsmrError } from '../../src/errors.js';
import { EventRing } from '../../src/execution/event-ring.js';
import { Subscriptions } from '../../src/replica/subscriptions.js';
import { decodeSubscriptionRequest } from '../../src/transport/subscription-frames.js';
import type { SimulatedClock } from './simulated-clock.js';

export interface Published {
  readonly key: string;
  readonly value: number;
}

export interface ClusterOptions {
  readonly clock: SimulatedClock;
  readonly replicas: number;
  readonly streams: number;
  readonly eventsKeptMax: number;
  readonly epoch: number;
}

/** How long a link takes at most to come up. */
const CONNECT_MS = 500;

/** One stream at one replica. */
class StreamCopy {
  readonly cluster: SubscriptionCluster;
  readonly stream: number;
  readonly links = new Set<ModelLink>();
  ring: EventRing;
  subscriptions: Subscriptions;
  applied = 0;
  cutOff = false;
  #checkpoint: { ring: ReturnType<EventRing['encode']> | null; applied: number } = { ring: null, applied: 0 };

  constructor(cluster: SubscriptionCluster, stream: number) {
    this.cluster = cluster;
    this.stream = stream;
    this.ring = this.#newRing();
    this.subscriptions = this.#serve();
  }

  apply(): void {
    const { clock } = this.cluster;
    clock.after(clock.random() * 20, () => {
      if (this.cutOff) return;
      this.#catchUp();
    });
  }

  takeCheckpoint(): void {
    this.#checkpoint = { ring: this.ring.last === 0 ? null : this.ring.encode(), applied: this.applied };
  }

  /** As from the checkpoint and the log behind it. */
  restart(): void {
    for (const link of [...this.links]) link.breakOff();
    const { ring, applied } = this.#checkpoint;
    this.ring = this.#newRing();
    if (ring !== null) {
      this.ring.restorePlace(ring.place);
      for (const event of ring.events) this.ring.restoreEvent(event);
    }
    this.applied = applied;
    this.subscriptions = this.#serve();
    if (!this.cutOff) this.#catchUp();
  }

  setCutOff(cutOff: boolean): void {
    this.cutOff = cutOff;
    if (!cutOff) this.#catchUp();
  }

  pump(): void {
    while (this.subscriptions.pump(this.applied));
  }

  #catchUp(): void {
    const history = this.cluster.history(this.stream);
    for (; this.applied < history.length; this.applied++) {
      const { key, value } = history[this.applied] as Published;
      this.ring.append(key, value, 1000);
    }
    this.pump();
  }

  #newRing(): EventRing {
    return new EventRing({ eventsKeptMax: this.cluster.options.eventsKeptMax, eventsKeptBytesMax: 1 << 20 });
  }

  #serve(): Subscriptions {
    const { clock } = this.cluster;
    const subscriptions: Subscriptions = new Subscriptions({
      group: this.stream,
      epoch: this.cluster.options.epoch,
      events: this.ring,
      wake: () => this.subscriptions === subscriptions && this.pump(),
      windowBytesMax: 1 << 20,
      log: {
        readIndex: (done) => {
          clock.after(clock.random() * 5, () => {
            const refusal = new PsmrError('NOT_LEADER', 'nobody leads here', { details: { leader: 0 } });
            done(this.cutOff ? refusal : this.cluster.history(this.stream).length);
          });
        },
      },
    });
    return subscriptions;
  }
}

/** A client's link to one stream of one replica. Each direction keeps its order. */
class ModelLink implements GroupLink {
  readonly #copy: StreamCopy;
  readonly #handlers: Parameters<OpenLink>[2];
  readonly #turn: () => void;
  #up = false;
  #ended = false;
  /** Swallows everything, and says nothing of it. */
  dead = false;
  #lastArrivalMs = 0;

  constructor(copy: StreamCopy, handlers: Parameters<OpenLink>[2], turn: () => void) {
    this.#copy = copy;
    this.#handlers = handlers;
    this.#turn = turn;
    copy.links.add(this);
    this.#later(() => {
      this.#up = true;
      handlers.writable();
    });
    // As every link does, it gives up where nobody answers.
    copy.cluster.options.clock.after(CONNECT_MS, () => {
      if (!this.#up) this.breakOff();
    });
  }

  readonly reply = {
    send: (frame: Uint8Array): boolean => {
      this.#later(() => this.#handlers.frame(frame));
      return !this.#ended;
    },
  };

  send(frame: Uint8Array): boolean {
    if (!this.#up || this.#ended) return false;
    this.#later(() => {
      this.#copy.subscriptions.receive(this.reply, decodeSubscriptionRequest(frame));
      this.#copy.pump();
    });
    return true;
  }

  refused(): void {
    this.#turn();
  }

  suspect(): void {
    return;
  }

  close(): void {
    this.#ended = true;
    this.#copy.links.delete(this);
    this.#copy.subscriptions.drop(this.reply);
  }

  breakOff(): void {
    if (this.#ended) return;
    this.close();
    this.#turn();
    this.#copy.cluster.options.clock.soon(() =>
      this.#handlers.lost(new PsmrError('UNREACHABLE', 'the link broke'), true),
    );
  }

  /** One line for both directions is stricter than need be, and simple. */
  #later(act: () => void): void {
    const { clock } = this.#copy.cluster.options;
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, clock.now() + clock.random() * 4);
    clock.after(this.#lastArrivalMs - clock.now(), () => {
      if (!this.#ended && !this.dead) act();
    });
  }
}

export class SubscriptionCluster {
  readonly options: ClusterOptions;
  readonly copies: StreamCopy[][] = [];
  readonly #histories: Published[][];
  #turn = 0;

  constructor(options: ClusterOptions) {
    this.options = options;
    this.#histories = Array.from({ length: options.streams }, () => []);
    for (let replica = 0; replica < options.replicas; replica++)
      this.copies.push(Array.from({ length: options.streams }, (_, at) => new StreamCopy(this, at + 1)));
  }

  get clock(): SimulatedClock {
    return this.options.clock;
  }

  history(stream: number): Published[] {
    return this.#histories[stream - 1] as Published[];
  }

  publish(stream: number, key: string): void {
    const history = this.history(stream);
    history.push({ key, value: history.length + 1 });
    for (const replica of this.copies) replica[stream - 1]?.apply();
  }

  get links(): ModelLink[] {
    return this.copies.flat().flatMap(({ links }) => [...links]);
  }

  readonly openLink: OpenLink = (group, _session, handlers) => {
    const replica = this.copies[this.#turn % this.copies.length] as StreamCopy[];
    return new ModelLink(replica[group - 1] as StreamCopy, handlers, () => this.#turn++);
  };
}
