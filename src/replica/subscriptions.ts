/**
 * Those who want the events of one stream. What is kept for each is a place in the stream's ring of events and how much
 * is under way: no queue. One that does not read stops at its window, alone; if the ring leaves it behind, it ends with
 * SUBSCRIPTION_LOST.
 */
import { PsmrError } from '../errors.js';
import type { EventRing, KeptEvent } from '../execution/event-ring.js';
import { wrongEpoch } from '../execution/stream-executor.js';
import type { GroupLog } from '../ordering/group-log.js';
import {
  encodeEnded,
  encodeEvents,
  encodeSubscribed,
  type SubscribeFrame,
  type SubscriptionRequest,
} from '../transport/subscription-frames.js';
import type { ReplyLink } from './reply-link.js';

export interface SubscriptionsOptions {
  readonly group: number;
  readonly epoch: number;
  readonly events: EventRing;
  readonly log: Pick<GroupLog, 'readIndex'>;
  readonly wake: () => void;
  /** No subscriber gets more ahead of what it has taken. */
  readonly windowBytesMax: number;
}

/** Events looked at between two looks at other work, where few keys and prefixes are wanted. */
const EVENTS_PER_PUMP = 2_048;
/** The same where the ring is about to leave a subscriber behind that would take more: commands wait for it then. */
const URGENT_EVENTS_PER_PUMP = 65_536;
/** So many prefixes are as much work as an event. */
const PREFIXES_PER_EVENT = 16;
const FRAME_BYTES = 65_536;
/** Of one connection, or one in-process client. */
const SUBSCRIPTIONS_PER_LINK = 256;
/** Of all subscribers of a stream: what their keys and prefixes take, and the rest of each. */
const TOPICS_BYTES_MAX = 64 << 20;
const SUBSCRIBER_BYTES = 512;
const TOPIC_BYTES = 64;
/** Questions to the log that are not answered yet; whoever asks meanwhile shares the next. */
const QUESTIONS_MAX = 16;
/** A subscriber that nothing is for is told its place no more often than each so many events. */
const TELL_EVERY = 64;

interface Subscriber {
  readonly id: number;
  readonly link: ReplyLink;
  readonly request: SubscribeFrame;
  readonly keys: ReadonlySet<string>;
  readonly windowBytes: number;
  /** About what it takes here. */
  readonly memoryBytes: number;
  state: 'starting' | 'started' | 'ended';
  /** All events up to this one have been looked at. */
  seen: number;
  /** The last place that it was told. */
  told: number;
  sentBytes: number;
  takenBytes: number;
}

/** Subscribers that have asked since the last time share one question to the log. */
interface Question {
  readonly subscribers: readonly Subscriber[];
  answer: number | PsmrError | null;
}

export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #links = new Map<ReplyLink, Map<number, Subscriber>>();
  /** Those that there may be something for. */
  readonly #ready = new Set<Subscriber>();
  readonly #asking = new Set<Subscriber>();
  #questions: Question[] = [];
  #pumpedTo = 0;
  #memoryBytes = 0;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  receive(link: ReplyLink, request: SubscriptionRequest): void {
    if (request.kind === 'subscribe') return this.#subscribe(link, request);
    const subscriber = this.#links.get(link)?.get(request.id);
    // It may have been ended here while this was under way.
    if (subscriber === undefined) return;
    if (request.kind === 'unsubscribe') return this.#forget(subscriber);
    subscriber.takenBytes = Math.min(subscriber.sentBytes, Math.max(subscriber.takenBytes, request.bytes));
    if (request.ask) this.#asking.add(subscriber);
    this.#ready.add(subscriber);
  }

  /** The client is gone. */
  drop(link: ReplyLink): void {
    for (const subscriber of [...(this.#links.get(link)?.values() ?? [])]) this.#forget(subscriber);
  }

  /** Sends what is due; true: something moved, or there is more. `executedIndex`: of the stream's log. */
  pump(executedIndex: number): boolean {
    if (this.#links.size === 0) return false;
    // The log may answer at once.
    if (this.#asking.size > 0 && this.#questions.length < QUESTIONS_MAX) this.#ask();
    let worked = this.#answer(executedIndex);
    const { last } = this.#options.events;
    if (last > this.#pumpedTo) {
      for (const subscribers of this.#links.values()) for (const one of subscribers.values()) this.#ready.add(one);
      this.#pumpedTo = last;
    }
    if (this.#ready.size === 0) return worked;
    worked = true;
    let budget = EVENTS_PER_PUMP;
    let urgentBudget = URGENT_EVENTS_PER_PUMP;
    for (const subscriber of this.#ready) {
      const most = Math.max(budget, this.#isUrgent(subscriber) ? urgentBudget : 0);
      if (most <= 0) continue;
      this.#ready.delete(subscriber);
      const before = subscriber.seen;
      // Behind the others: each gets its turn.
      if (this.#deliver(subscriber, most)) this.#ready.add(subscriber);
      const work = 1 + (subscriber.seen - before) * workPerEvent(subscriber);
      budget -= work;
      urgentBudget -= work;
    }
    return worked;
  }

  #subscribe(link: ReplyLink, request: SubscribeFrame): void {
    const { group, epoch, windowBytesMax } = this.#options;
    const own = this.#links.get(link) ?? new Map<number, Subscriber>();
    if (request.epoch !== epoch) return void link.send(ended(group, request.id, wrongEpoch()));
    const memoryBytes = memoryOf(request);
    if (own.has(request.id) || own.size >= SUBSCRIPTIONS_PER_LINK)
      return void link.send(ended(group, request.id, tooMany()));
    if (this.#memoryBytes + memoryBytes > TOPICS_BYTES_MAX) return void link.send(ended(group, request.id, noRoom()));
    const subscriber: Subscriber = {
      id: request.id,
      link,
      request,
      keys: new Set(request.keys),
      windowBytes: Math.min(request.windowBytes, windowBytesMax),
      memoryBytes,
      state: 'starting',
      seen: 0,
      told: 0,
      sentBytes: 0,
      takenBytes: 0,
    };
    own.set(request.id, subscriber);
    this.#links.set(link, own);
    this.#memoryBytes += memoryBytes;
    this.#asking.add(subscriber);
  }

  /** Which index a linearizable read would have to see: whoever subscribes, or asks, is to see no less. */
  #ask(): void {
    const { log, wake } = this.#options;
    const question: Question = { subscribers: [...this.#asking], answer: null };
    this.#asking.clear();
    this.#questions.push(question);
    let atOnce = true;
    log.readIndex((answer) => {
      question.answer = answer;
      if (!atOnce) wake();
    });
    atOnce = false;
  }

  #answer(executedIndex: number): boolean {
    let answered = 0;
    for (const { answer, subscribers } of this.#questions) {
      if (answer === null || (typeof answer === 'number' && answer > executedIndex)) break;
      for (const subscriber of subscribers) {
        if (subscriber.state === 'ended') continue;
        if (typeof answer !== 'number') this.#end(subscriber, answer);
        else if (subscriber.state === 'starting') this.#start(subscriber);
        else this.#confirm(subscriber);
      }
      answered++;
    }
    this.#questions = this.#questions.slice(answered);
    return answered > 0;
  }

  #start(subscriber: Subscriber): void {
    const { events, group } = this.#options;
    const { after } = subscriber.request;
    // This replica has executed all that any other had when it was asked: a place that it does not know is gone.
    if (after !== null && !events.reaches(after)) return this.#end(subscriber, lost());
    subscriber.seen = after?.sequence ?? events.last;
    subscriber.told = subscriber.seen;
    subscriber.state = 'started';
    this.#send(
      subscriber,
      encodeSubscribed(group, subscriber.id, { origin: events.origin, sequence: subscriber.seen }),
    );
    this.#ready.add(subscriber);
  }

  /** Says that it is still there, and how far it has come. */
  #confirm(subscriber: Subscriber): void {
    this.#sendEvents(subscriber, []);
  }

  /** Sends one frame at most; true: there may be more to send. */
  #deliver(subscriber: Subscriber, budget: number): boolean {
    const { events } = this.#options;
    if (subscriber.state !== 'started') return false;
    const wanted: KeptEvent[] = [];
    let bytes = 0;
    let full = false;
    const until = Math.min(events.last, subscriber.seen + Math.ceil(budget / workPerEvent(subscriber)));
    while (subscriber.seen < until && bytes < FRAME_BYTES) {
      const event = events.get(subscriber.seen + 1);
      if (event === undefined) {
        this.#end(subscriber, lost());
        return false;
      }
      if (isWanted(subscriber, event.key)) {
        full = !hasRoom(subscriber, bytes, event.bytes.byteLength);
        if (full) break;
        bytes += event.bytes.byteLength;
        wanted.push(event);
      }
      subscriber.seen++;
    }
    subscriber.sentBytes += bytes;
    if (wanted.length > 0 || this.#mustTell(subscriber)) this.#sendEvents(subscriber, wanted);
    return !full && subscriber.seen < events.last;
  }

  /** Else it would come back with a place that the ring has left behind, though it has missed nothing. */
  #mustTell({ seen, told }: Subscriber): boolean {
    return seen - told >= TELL_EVERY && told < this.#options.events.middle;
  }

  #isUrgent({ state, seen }: Subscriber): boolean {
    return state === 'started' && seen < this.#options.events.middle;
  }

  #sendEvents(subscriber: Subscriber, events: readonly KeptEvent[]): void {
    const { group, events: ring } = this.#options;
    subscriber.told = subscriber.seen;
    this.#send(
      subscriber,
      encodeEvents(group, subscriber.id, { origin: ring.origin, sequence: subscriber.seen }, events),
    );
  }

  #send({ link }: Subscriber, frame: Uint8Array): void {
    if (!link.send(frame)) this.drop(link);
  }

  #end(subscriber: Subscriber, error: PsmrError): void {
    this.#forget(subscriber);
    subscriber.link.send(ended(this.#options.group, subscriber.id, error));
  }

  #forget(subscriber: Subscriber): void {
    const { id, link } = subscriber;
    if (subscriber.state === 'ended') return;
    subscriber.state = 'ended';
    this.#memoryBytes -= subscriber.memoryBytes;
    this.#ready.delete(subscriber);
    this.#asking.delete(subscriber);
    const own = this.#links.get(link);
    own?.delete(id);
    if (own?.size === 0) this.#links.delete(link);
  }
}

function memoryOf({ keys, prefixes }: SubscribeFrame): number {
  let bytes = SUBSCRIBER_BYTES;
  for (const topics of [keys, prefixes]) for (const topic of topics) bytes += TOPIC_BYTES + 2 * topic.length;
  return bytes;
}

function workPerEvent({ request: { prefixes } }: Subscriber): number {
  return 1 + prefixes.length / PREFIXES_PER_EVENT;
}

function isWanted({ keys, request: { prefixes } }: Subscriber, key: string): boolean {
  if (keys.has(key)) return true;
  for (const prefix of prefixes) if (key.startsWith(prefix)) return true;
  return false;
}

/** One event always has, however large, where nothing else is under way. */
function hasRoom({ sentBytes, takenBytes, windowBytes }: Subscriber, more: number, bytes: number): boolean {
  const underWay = sentBytes - takenBytes + more;
  return underWay === 0 || underWay + bytes <= windowBytes;
}

function ended(group: number, id: number, error: PsmrError): Uint8Array {
  const leader = error.details['leader'];
  return encodeEnded(group, id, error.code, error.message, typeof leader === 'number' ? leader : undefined);
}

function lost(): PsmrError {
  return new PsmrError(
    'SUBSCRIPTION_LOST',
    'The events behind this position are not kept any more (limits.eventsKeptMax, limits.eventsKeptBytesMax), or the ' +
      'server has another history. Subscribe from now on, then read the state anew.',
  );
}

function tooMany(): PsmrError {
  return new PsmrError(
    'OVERLOADED',
    `One connection has at most ${SUBSCRIPTIONS_PER_LINK} subscriptions, each with an id of its own. Close some of them first.`,
  );
}

function noRoom(): PsmrError {
  return new PsmrError(
    'OVERLOADED',
    `The keys and prefixes of this stream's subscribers take ${TOPICS_BYTES_MAX} bytes. Subscribe at another replica, or to fewer.`,
  );
}
