/**
 * Looks for a replica: dials those that may be the one, the likeliest first, without waiting for one that hangs, and
 * asks again, less and less often, until one answers as wanted.
 */
import { messageOf, type PsmrError } from '../errors.js';
import type { Welcome } from '../transport/handshake.js';
import type { ClientClock } from './client-clock.js';
import { type GreetedEvents, type GreetedSocket, isFinal, noContact } from './greeted-socket.js';

/** How long one replica may be silent before the next is asked beside it. */
const NEXT_AFTER_MS = 250;
/** A replica is asked again after a part of the time since when an answer is sought, between these. */
const AGAIN_PART = 8;
const AGAIN_MIN_MS = 10;
const AGAIN_MAX_MS = 250;

/** Where a replica's endpoint of one group is. */
export interface Place {
  /** 0: not known, or not replicated. */
  readonly replica: number;
  readonly url: string;
}

export interface SearchOptions {
  /** The likeliest first. */
  readonly places: readonly Place[];
  readonly clock: ClientClock;
  /** All at once; else the next one only where those before it say no, or nothing for a while. */
  readonly hurry: boolean;
  /** Since when an answer is sought, by the clock; searches before this one count where they found none. */
  readonly sinceMs: number;
  /** When to give up. */
  readonly limitMs: number;
  /** May throw. */
  readonly open: (place: Place, events: GreetedEvents) => GreetedSocket;
  /**
   * True: the one that was looked for. Else the replica that it says to ask; 0: it names none. A PsmrError that it
   * throws counts as a connection that failed.
   */
  readonly judge: (welcome: Welcome, place: Place) => true | number;
  /** Where a replica is that was named and is none of the places: it was added since; undefined: not known. */
  readonly placeOf?: (replica: number) => Place | undefined;
  /** The connection is the caller's from now on. */
  readonly found: (socket: GreetedSocket, welcome: Welcome, place: Place) => void;
  /** The last reason of each place; empty: all answered, none as wanted. */
  readonly failed: (errors: readonly PsmrError[]) => void;
}

class Candidate {
  readonly place: Place;
  socket: GreetedSocket | null = null;
  asked = false;
  /** It was asked because another had named it: that counts once, or two could name each other for ever. */
  named = false;
  answered = false;
  error: PsmrError | null = null;
  cancelRetry: () => void = () => undefined;

  constructor(place: Place) {
    this.place = place;
  }
}

export class LinkSearch {
  readonly #options: SearchOptions;
  readonly #candidates: Candidate[];
  readonly #cancelLimit: () => void;
  #cancelNext: () => void = () => undefined;
  #ended = false;

  /** Calls nothing back before the code that runs now is through. */
  constructor(options: SearchOptions) {
    this.#options = options;
    this.#candidates = options.places.map((place) => new Candidate(place));
    this.#cancelLimit = options.clock.after(this.#candidates.length === 0 ? 0 : options.limitMs, () => this.#fail());
    if (options.hurry) this.#askRest();
    else this.#askNext();
  }

  close(): void {
    this.#ended = true;
    this.#cancelLimit();
    this.#cancelNext();
    for (const candidate of this.#candidates) {
      candidate.cancelRetry();
      candidate.socket?.close();
    }
  }

  #askNext(): void {
    const next = this.#candidates.find(({ asked }) => !asked);
    if (next === undefined) return;
    this.#ask(next);
    this.#cancelNext = this.#options.clock.after(NEXT_AFTER_MS, () => this.#askNext());
  }

  #askRest(): void {
    for (const candidate of this.#candidates) if (!candidate.asked) this.#ask(candidate);
  }

  #ask(candidate: Candidate): void {
    if (this.#ended || candidate.socket !== null) return;
    candidate.asked = true;
    candidate.cancelRetry();
    try {
      candidate.socket = this.#options.open(candidate.place, {
        welcome: (welcome) => this.#answered(candidate, welcome),
        frame: () => undefined,
        lost: (error) => this.#lost(candidate, error),
      });
    } catch (thrown) {
      // Not a URL: that is thrown, not reported.
      const error = noContact(candidate.place.url, messageOf(thrown));
      candidate.cancelRetry = this.#options.clock.after(0, () => this.#lost(candidate, error));
    }
  }

  #answered(candidate: Candidate, welcome: Welcome): void {
    const { socket, place } = candidate;
    if (this.#ended || socket === null) return;
    const verdict = this.#options.judge(welcome, place);
    candidate.socket = null;
    if (verdict === true) {
      this.close();
      return this.#options.found(socket, welcome, place);
    }
    socket.close();
    candidate.answered = true;
    this.#again(candidate);
    const named = verdict === 0 ? undefined : this.#named(verdict);
    if (named === undefined || named.named || named === candidate) return this.#askRest();
    named.named = true;
    this.#ask(named);
  }

  #named(replica: number): Candidate | undefined {
    const known = this.#candidates.find(({ place }) => place.replica === replica);
    const place = known === undefined ? this.#options.placeOf?.(replica) : undefined;
    if (place === undefined) return known;
    const added = new Candidate(place);
    this.#candidates.push(added);
    return added;
  }

  #lost(candidate: Candidate, error: PsmrError): void {
    if (this.#ended) return;
    candidate.socket = null;
    candidate.error = error;
    if (this.#candidates.every((one) => one.error !== null && !one.answered)) return this.#fail();
    if (!isFinal(error)) this.#again(candidate);
    this.#askRest();
  }

  #again(candidate: Candidate): void {
    const { clock, sinceMs } = this.#options;
    const delayMs = Math.min(AGAIN_MAX_MS, Math.max(AGAIN_MIN_MS, (clock.now() - sinceMs) / AGAIN_PART));
    candidate.cancelRetry = clock.after(delayMs * (0.5 + clock.random() / 2), () => this.#ask(candidate));
  }

  #fail(): void {
    this.close();
    this.#options.failed(this.#candidates.flatMap(({ error }) => (error === null ? [] : [error])));
  }
}
