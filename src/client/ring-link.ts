/** How a client in the engine's own process reaches its groups: rings in shared memory, one pair per group. */
import { PsmrError } from '../errors.js';
import { ControlBlock, EngineState, type ControlBlockMemory } from '../memory/control-block.js';
import { Doorbell } from '../memory/doorbell.js';
import { RingReader, RingWriter } from '../memory/ring.js';
import { CLIENT_BELL_WORD, CLIENT_CLOSED_WORD } from '../replica/ring-client.js';
import type { GroupLink, GroupLinkHandlers } from './group-link.js';

/** One client's memory towards all groups; `words` is as in RingClientMemory. */
export interface RingHubMemory {
  readonly control: ControlBlockMemory;
  readonly words: SharedArrayBuffer;
  readonly requests: readonly SharedArrayBuffer[];
  readonly replies: readonly SharedArrayBuffer[];
}

/** The rings towards one group; they outlive the links that use them one after another. */
interface RingPair {
  readonly requests: RingWriter;
  readonly replies: RingReader;
  readonly bell: Doorbell;
}

class RingLink implements GroupLink {
  readonly handlers: GroupLinkHandlers;
  readonly #requests: RingWriter;
  readonly #replies: RingReader;
  readonly #bell: Doorbell;
  readonly #tag: number;
  #full = false;
  closed = false;

  constructor({ requests, replies, bell }: RingPair, tag: number, handlers: GroupLinkHandlers) {
    this.#requests = requests;
    this.#replies = replies;
    this.#bell = bell;
    this.#tag = tag;
    this.handlers = handlers;
  }

  send(frame: Uint8Array): boolean {
    const taken = !this.closed && this.#requests.offer(frame, this.#tag);
    this.#full = !taken || this.#requests.heldBack;
    if (this.#requests.publish()) this.#bell.ring();
    return taken;
  }

  /** Hands out the replies that have come and writes what was held back; true: something moved. */
  poll(): boolean {
    let worked = false;
    while (!this.closed) {
      const frame = this.#replies.read();
      if (frame === null) break;
      // A late reply to an earlier session of this client is nobody's.
      if (this.#replies.tag === this.#tag) this.handlers.frame(frame);
      worked = true;
    }
    if (this.#full && !this.closed && this.#requests.flush()) {
      this.#full = false;
      this.handlers.writable();
    }
    if (this.#requests.publish()) this.#bell.ring();
    return worked;
  }

  /** Rings lead to this process's own replica, whoever leads. */
  refused(): void {
    return;
  }

  suspect(): void {
    return;
  }

  close(): void {
    this.closed = true;
  }
}

const TAG_MAX = 0xff_ffff;

/** All links of one client. The thread sleeps in `Atomics.waitAsync`, so its event loop stays free. */
export class RingHub {
  readonly #memory: RingHubMemory;
  readonly #words: Int32Array;
  readonly #bell: Doorbell;
  readonly #control: ControlBlock;
  readonly #pairs: readonly RingPair[];
  #links: RingLink[] = [];
  #listening = false;
  #scheduled = false;
  #ended = false;
  #nextTag = 1;

  constructor(memory: RingHubMemory) {
    this.#memory = memory;
    this.#words = new Int32Array(memory.words);
    this.#bell = new Doorbell(this.#words, CLIENT_BELL_WORD);
    this.#control = new ControlBlock(memory.control);
    this.#pairs = memory.requests.map((requests, group) => {
      const bell = this.#control.bell(group);
      const replies = new RingReader(memory.replies[group] ?? requests, bell);
      return { requests: new RingWriter(requests), replies, bell };
    });
  }

  open(group: number, handlers: GroupLinkHandlers): GroupLink {
    const pair = this.#pairs[group];
    if (pair === undefined) throw new Error(`broken invariant: there is no group ${group}`);
    const link = new RingLink(pair, this.#nextTag, handlers);
    this.#nextTag = (this.#nextTag + 1) & TAG_MAX;
    this.#links.push(link);
    this.#schedule();
    return link;
  }

  /** The client is gone: the workers let go of its rings. */
  close(): void {
    this.#ended = true;
    for (const link of this.#links) link.close();
    Atomics.store(this.#words, CLIENT_CLOSED_WORD, 1);
    for (let group = 0; group < this.#memory.requests.length; group++) this.#control.bell(group).ring();
    // This thread too: a sleep without end would hold the rings in memory for as long.
    this.#bell.ring();
  }

  readonly #turn = (): void => {
    this.#scheduled = false;
    if (this.#ended) return;
    for (const link of this.#links) link.poll();
    this.#links = this.#links.filter((link) => !link.closed);
    if (this.#control.state !== EngineState.running) return this.#lose();
    this.#park();
  };

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#turn);
  }

  #park(): void {
    this.#bell.prepare();
    let worked = false;
    for (const link of this.#links) worked = link.poll() || worked;
    if (worked || this.#control.state !== EngineState.running) {
      this.#bell.cancel();
      return this.#schedule();
    }
    if (this.#listening) return;
    const sleep = this.#bell.sleep();
    if (sleep === null) return this.#schedule();
    this.#listening = true;
    void sleep.then(() => {
      this.#listening = false;
      this.#schedule();
    });
  }

  #lose(): void {
    this.#ended = true;
    const error = engineEnded(this.#control);
    for (const link of this.#links) {
      link.close();
      link.handlers.lost(error, false);
    }
  }
}

/** Why commands are answered no more. */
function engineEnded(control: ControlBlock): PsmrError {
  if (control.state === EngineState.failed) {
    return new PsmrError('ENGINE_FAILED', `The engine has stopped because of an error: ${control.reason}`);
  }
  return new PsmrError('ENGINE_STOPPED', 'The engine was stopped. A command without an answer may have been executed.');
}
