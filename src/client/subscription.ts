/** A subscription as its user has it: the events of all its streams, in the order of each, to be iterated over. */
import type { PartitionMap } from '../classifier/partition-map.js';
import { PsmrError } from '../errors.js';
import type { EventPlace } from '../execution/event-ring.js';
import { Fifo } from '../fifo.js';
import type { DecodedEvent } from '../transport/subscription-frames.js';
import { clientClosed } from './client-errors.js';
import type { CheckedSubscribeOptions } from './subscribe-options.js';
import { StreamSubscription, type StreamSubscriptionOptions } from './stream-subscription.js';

/**
 * How far a subscription has come, to be kept wherever JSON is and given to `subscribe` again: by stream, from stream 1
 * on; null: a stream that it does not touch.
 */
export type SubscriptionPosition = readonly (readonly [origin: number, sequence: number] | null)[];

export interface SubscribeOptions {
  /** Events of these keys ... */
  readonly keys?: readonly string[];
  /** ... and of all keys that begin so; `''`: of all keys. Together at most 1,024. */
  readonly prefixes?: readonly string[];
  /** Events behind this position of an earlier subscription. Without: all that are published from now on. */
  readonly after?: SubscriptionPosition;
  /** Bytes of events, per stream, that may wait here to be taken; 1 MiB by default. More stay with the server. */
  readonly bufferBytes?: number;
}

export interface SubscriptionEvent {
  readonly key: string;
  // As with State.get: the type is the subscriber's to state.
  readonly value: unknown;
  /** The time of the command that published it, ms since 1970. */
  readonly publishedAtMs: number;
  readonly stream: number;
  /** Its number in the stream, the same at every replica; later events have higher ones, not always the next. */
  readonly sequence: number;
}

export interface Subscription extends AsyncIterable<SubscriptionEvent> {
  /** Behind the event that was handed out last: save it once that event is dealt with. */
  readonly position: SubscriptionPosition;
  /** As iterated: done when it was closed. Rejects with SUBSCRIPTION_LOST, UNREACHABLE, ... when it cannot go on. */
  next(): Promise<IteratorResult<SubscriptionEvent, undefined>>;
  /** Ends it; what has come and was not taken is dropped. Idempotent. */
  close(): void;
}

/** What a subscription has of its client. */
export type SubscriptionHost = Pick<
  StreamSubscriptionOptions,
  'clock' | 'openLink' | 'newSession' | 'silenceMs' | 'giveUpMs'
> & { readonly map: PartitionMap };

interface Queued {
  readonly part: Part;
  readonly event: DecodedEvent;
  /** The link that it came over, by its number. */
  readonly link: number;
}

interface Part {
  readonly stream: number;
  readonly subscription: StreamSubscription;
  /** Behind the last event handed out. */
  taken: EventPlace | null;
  /** Events that wait. */
  waiting: number;
}

interface Waiter {
  resolve(result: IteratorResult<SubscriptionEvent, undefined>): void;
  reject(error: PsmrError): void;
}

export class MergedSubscription implements Subscription {
  readonly #streams: number;
  readonly #parts: Part[] = [];
  readonly #queue = new Fifo<Queued>();
  #waiters: Waiter[] = [];
  #starting = 0;
  #end: PsmrError | 'closed' | null = null;
  #started: () => void = () => undefined;
  #startFailed: (error: PsmrError) => void = () => undefined;
  readonly #onEnd: (subscription: MergedSubscription) => void;

  private constructor(streams: number, onEnd: (subscription: MergedSubscription) => void) {
    this.#streams = streams;
    this.#onEnd = onEnd;
  }

  /** Resolves once it has a place in all its streams: what is published from then on will come. */
  static async open(
    host: SubscriptionHost,
    options: CheckedSubscribeOptions,
    onEnd: (subscription: MergedSubscription) => void,
    onBegin: (subscription: MergedSubscription) => void,
  ): Promise<Subscription> {
    const { keys, prefixes, after, bufferBytes } = options;
    const { map } = host;
    if (after !== undefined && after.length !== map.streams) throw otherStreams(after.length, map.streams);
    const merged = new MergedSubscription(map.streams, onEnd);
    onBegin(merged);
    const begun = new Promise<void>((resolve, reject) => {
      merged.#started = resolve;
      merged.#startFailed = reject;
    });
    for (const [stream, own] of byStream(keys, prefixes, map)) {
      merged.#starting++;
      merged.#add(stream, host, { keys: own, prefixes, after: after?.[stream - 1] ?? null, windowBytes: bufferBytes });
    }
    await begun;
    return merged;
  }

  get position(): SubscriptionPosition {
    const position: (readonly [number, number] | null)[] = Array.from({ length: this.#streams }, () => null);
    for (const { stream, subscription, taken, waiting } of this.#parts) {
      const place = waiting === 0 ? subscription.received : taken;
      if (place !== null) position[stream - 1] = [place.origin, place.sequence];
    }
    return position;
  }

  next(): Promise<IteratorResult<SubscriptionEvent, undefined>> {
    if (this.#end === 'closed') return Promise.resolve({ done: true, value: undefined });
    const queued = this.#queue.shift();
    if (queued !== undefined) return Promise.resolve({ done: false, value: this.#take(queued) });
    if (this.#end !== null) return Promise.reject(this.#end);
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** Leaving a loop does not close it: its position can still be read, and iterating again goes on. */
  [Symbol.asyncIterator](): AsyncIterator<SubscriptionEvent, undefined> {
    return { next: () => this.next() };
  }

  close(): void {
    this.#finish('closed');
    this.#queue.takeAll();
  }

  /** The client is closed. */
  clientClosed(): void {
    this.#finish(clientClosed());
  }

  #add(
    stream: number,
    host: SubscriptionHost,
    request: {
      keys: readonly string[];
      prefixes: readonly string[];
      after: readonly [number, number] | null;
      windowBytes: number;
    },
  ): void {
    const after = request.after === null ? null : { origin: request.after[0], sequence: request.after[1] };
    const { clock, openLink, silenceMs, giveUpMs, map } = host;
    const part: Part = {
      stream,
      taken: after,
      waiting: 0,
      subscription: new StreamSubscription({
        ...request,
        after,
        stream,
        epoch: map.epoch,
        clock,
        openLink,
        silenceMs,
        giveUpMs,
        newSession: () => host.newSession(),
        started: () => this.#begun(part),
        event: (event) => this.#receive(part, event),
        failed: (error) => this.#finish(error),
      }),
    };
    this.#parts.push(part);
  }

  #begun(part: Part): void {
    part.taken ??= part.subscription.received;
    if (--this.#starting === 0) this.#started();
  }

  #receive(part: Part, event: DecodedEvent): void {
    const queued = { part, event, link: part.subscription.linkNumber };
    part.waiting++;
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) waiter.resolve({ done: false, value: this.#take(queued) });
    else this.#queue.push(queued);
  }

  #take({ part, event, link }: Queued): SubscriptionEvent {
    const { sequence, timestampMs, key, value, bytes } = event;
    part.waiting--;
    part.taken = { origin: part.subscription.received?.origin ?? 0, sequence };
    part.subscription.taken(bytes, link);
    return { key, value, publishedAtMs: timestampMs, stream: part.stream, sequence };
  }

  #finish(end: PsmrError | 'closed'): void {
    if (this.#end === 'closed' || (this.#end !== null && end !== 'closed')) return;
    this.#end = end;
    for (const { subscription } of this.#parts) subscription.close();
    this.#startFailed(end === 'closed' ? clientClosed() : end);
    for (const waiter of this.#waiters.splice(0)) {
      if (end === 'closed') waiter.resolve({ done: true, value: undefined });
      else waiter.reject(end);
    }
    this.#onEnd(this);
  }
}

/** A prefix may be that of any stream's keys. */
function byStream(keys: readonly string[], prefixes: readonly string[], map: PartitionMap): Map<number, string[]> {
  const streams = new Map<number, string[]>();
  if (prefixes.length > 0) for (let stream = 1; stream <= map.streams; stream++) streams.set(stream, []);
  for (const key of keys) {
    const stream = map.streamOf(key) || map.hashedStreamOf(key);
    const own = streams.get(stream);
    if (own === undefined) streams.set(stream, [key]);
    else own.push(key);
  }
  return streams;
}

function otherStreams(before: number, now: number): PsmrError {
  return new PsmrError(
    'SUBSCRIPTION_LOST',
    `The position is of a server with ${before} streams, and this one has ${now}. Subscribe from now on, then read the state anew.`,
  );
}
