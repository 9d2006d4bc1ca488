/**
 * One stream's part of a subscription: keeps a link to some replica, and after each loss goes on, at any replica, where
 * it was. Each event is handed on once, in the order of its number.
 */
import { errorFromWire, PsmrError } from '../errors.js';
import type { EventPlace } from '../execution/event-ring.js';
import {
  type DecodedEvent,
  decodeSubscriptionReply,
  encodeSubscribe,
  encodeTaken,
  type SubscriptionReply,
} from '../transport/subscription-frames.js';
import type { ClientClock } from './client-clock.js';
import type { GroupLink, OpenLink } from './group-link.js';

export interface StreamSubscriptionOptions {
  readonly stream: number;
  readonly epoch: number;
  readonly keys: readonly string[];
  readonly prefixes: readonly string[];
  readonly after: EventPlace | null;
  readonly windowBytes: number;
  /** A link that has been silent for so long is asked whether it is there; one that goes on being so is left. */
  readonly silenceMs: number;
  /** For how long a replica is sought. */
  readonly giveUpMs: number;
  readonly clock: ClientClock;
  readonly openLink: OpenLink;
  newSession(): Uint8Array;
  /** It has a place in the stream's history from now on. Once. */
  started(): void;
  event(event: DecodedEvent): void;
  /** Nothing comes any more. Once, and last. */
  failed(error: PsmrError): void;
}

const AGAIN_MIN_MS = 10;
const AGAIN_MAX_MS = 500;
/** Silences until a link is left. */
const SILENCES = 3;
/** One subscription per connection. */
const ID = 1;

export class StreamSubscription {
  readonly #options: StreamSubscriptionOptions;
  #link: GroupLink | null = null;
  /** Counts links: what an earlier one still says is nobody's. */
  #linkNumber = 0;
  #asked = false;
  #welcomed = false;
  /** Behind the newest event that has come; null: not known before the first answer. */
  #received: EventPlace | null;
  #begun = false;
  /** Of the events that came over this link: those taken by the subscriber, and how much the server knows of. */
  #takenBytes = 0;
  #toldBytes = 0;
  /** Of events that were handed on and not taken, whichever link they came over. */
  #waitingBytes = 0;
  /** A new link is wanted once these are taken: each link fills a window, and there is to be one at a time. */
  #resting = false;
  #lostSinceMs: number | null = null;
  #heardMs = 0;
  #silences = 0;
  #cancelTimer: () => void = () => undefined;
  #ended = false;

  constructor(options: StreamSubscriptionOptions) {
    this.#options = options;
    this.#received = options.after;
    this.#open();
  }

  /** Behind all that has come; null: nothing is known yet. */
  get received(): EventPlace | null {
    return this.#received;
  }

  /** Which link an event came over: `taken` wants to know. */
  get linkNumber(): number {
    return this.#linkNumber;
  }

  /** The subscriber has taken events of so many bytes, that had come over this link. */
  taken(bytes: number, linkNumber: number): void {
    this.#waitingBytes -= bytes;
    if (this.#resting && this.#waitingBytes === 0) return this.#goOn();
    if (linkNumber !== this.#linkNumber) return;
    this.#takenBytes += bytes;
    if (this.#takenBytes - this.#toldBytes >= this.#options.windowBytes / 4) this.#tell(false);
  }

  close(): void {
    this.#ended = true;
    this.#cancelTimer();
    this.#link?.close();
    this.#link = null;
  }

  #open(): void {
    const { openLink, stream, clock } = this.#options;
    const number = ++this.#linkNumber;
    this.#asked = this.#welcomed = false;
    this.#takenBytes = this.#toldBytes = 0;
    this.#silences = 0;
    this.#heardMs = clock.now();
    const ifNewest = (act: () => void): void => {
      if (!this.#ended && number === this.#linkNumber) act();
    };
    this.#link = openLink(
      stream,
      this.#options.newSession(),
      {
        frame: (bytes) => ifNewest(() => this.#receive(bytes)),
        writable: () => ifNewest(() => this.#writable()),
        lost: (error, retry) => ifNewest(() => this.#lost(error, retry)),
      },
      'read',
    );
    this.#watch();
  }

  #writable(): void {
    const { epoch, keys, prefixes, windowBytes } = this.#options;
    if (this.#asked) return this.#tell(false);
    const after = this.#received;
    this.#asked = this.#link?.send(encodeSubscribe({ id: ID, epoch, keys, prefixes, after, windowBytes })) ?? false;
    this.#heardMs = this.#options.clock.now();
  }

  #tell(ask: boolean): void {
    if (!this.#welcomed || this.#link === null) return;
    if (this.#link.send(encodeTaken(ID, this.#takenBytes, ask))) this.#toldBytes = this.#takenBytes;
  }

  #receive(bytes: Uint8Array): void {
    this.#heardMs = this.#options.clock.now();
    this.#silences = 0;
    let reply: SubscriptionReply;
    try {
      reply = decodeSubscriptionReply(bytes);
    } catch (thrown) {
      if (!(thrown instanceof PsmrError)) throw thrown;
      return this.#fail(thrown);
    }
    if (reply.kind === 'ended') return this.#dismissed(reply.code, reply.message, reply.leader);
    if (reply.kind === 'subscribed') return this.#subscribed(reply.place);
    const from = this.#received?.sequence ?? 0;
    this.#received = reply.through;
    for (const event of reply.events) {
      if (event.sequence <= from || this.#ended) continue;
      this.#waitingBytes += event.bytes;
      this.#options.event(event);
    }
  }

  #subscribed(place: EventPlace): void {
    this.#welcomed = true;
    this.#lostSinceMs = null;
    this.#received = place;
    if (this.#begun) return;
    this.#begun = true;
    this.#options.started();
  }

  #dismissed(code: string, message: string, leader: number): void {
    const error = errorFromWire(code, message);
    // This replica cannot say what is newest: another may.
    if (code === 'WRONG_EPOCH') return this.#fail(otherMap());
    if (code !== 'NOT_LEADER') return this.#fail(error);
    this.#link?.refused(leader);
    this.#again(error);
  }

  #lost(error: PsmrError, retry: boolean): void {
    this.#link = null;
    if (retry) this.#again(error);
    else this.#fail(error);
  }

  #again(error: PsmrError): void {
    const { clock, giveUpMs } = this.#options;
    this.#link?.close();
    this.#link = null;
    this.#linkNumber++;
    this.#cancelTimer();
    const now = clock.now();
    this.#lostSinceMs ??= now;
    const forMs = now - this.#lostSinceMs;
    if (forMs >= giveUpMs) return this.#fail(noReplica(giveUpMs, error));
    const delayMs = Math.min(AGAIN_MAX_MS, Math.max(AGAIN_MIN_MS, forMs / 4)) * (0.5 + clock.random() / 2);
    this.#cancelTimer = clock.after(delayMs, () => {
      if (this.#waitingBytes > 0) this.#resting = true;
      else this.#open();
    });
  }

  /** No replica was sought meanwhile. */
  #goOn(): void {
    this.#resting = false;
    this.#lostSinceMs = null;
    this.#open();
  }

  /** A replica that was cut off may have nothing to say, and a link that is dead says nothing. */
  #watch(): void {
    const { clock, silenceMs } = this.#options;
    if (silenceMs === Infinity) return;
    this.#cancelTimer = clock.after(silenceMs, () => {
      if (clock.now() - this.#heardMs < silenceMs) return this.#watch();
      if (!this.#asked) return this.#checkConnecting();
      if (++this.#silences > SILENCES) {
        this.#link?.refused(0);
        return this.#again(new PsmrError('UNREACHABLE', 'the replica did not answer'));
      }
      this.#tell(true);
      this.#watch();
    });
  }

  /** The link has limits of its own for that; this is the one over all of them. */
  #checkConnecting(): void {
    const { clock, giveUpMs } = this.#options;
    this.#lostSinceMs ??= this.#heardMs;
    if (clock.now() - this.#lostSinceMs < giveUpMs) return this.#watch();
    this.#fail(noReplica(giveUpMs, null));
  }

  #fail(error: PsmrError): void {
    if (this.#ended) return;
    this.close();
    this.#options.failed(error);
  }
}

function otherMap(): PsmrError {
  return new PsmrError(
    'SUBSCRIPTION_LOST',
    "The server's partition map has changed: keys may be in other streams. Subscribe from now on, then read the state anew.",
  );
}

function noReplica(forMs: number, cause: PsmrError | null): PsmrError {
  const why = cause === null ? '' : ` (${cause.message})`;
  return new PsmrError(
    'UNREACHABLE',
    `No replica has served the subscription for ${forMs} ms${why}. Subscribe again, with its position, when one is up.`,
  );
}
