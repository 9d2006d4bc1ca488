/** The link to one peer, for outgoing messages alone: dials, proves, sends, probes, and dials again when it fails. */
import { PsmrError } from '../../errors.js';
import type { PeerAddress, PeerLinkHandlers } from '../peer-links.js';
import { dial, type Dialled, type DialContext } from './dial.js';
import type { MessageSender } from './message-sender.js';
import type { ProblemLog } from './problem-log.js';
import { RetryDelay } from './retry-delay.js';

export interface LinkContext extends DialContext {
  readonly handlers: PeerLinkHandlers;
  readonly problems: ProblemLog;
}

/** A link that was up for less is as good as none: waiting for the next attempt goes on growing. */
const STABLE_MS = 1000;
/** An attempt older than this is given up when the peer is known to be back. */
const STALE_ATTEMPT_MS = 200;

export class OutgoingLink {
  readonly address: PeerAddress;
  readonly #context: LinkContext;
  readonly #delay = new RetryDelay();
  #dialled: Dialled | null = null;
  #dialledAtMs = 0;
  #sender: MessageSender | null = null;
  #failingSinceMs: number | null = null;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(address: PeerAddress, context: LinkContext) {
    this.address = address;
    this.#context = context;
    this.#dial();
  }

  get isUp(): boolean {
    return this.#sender !== null;
  }

  get unsentBytes(): number {
    return this.#sender?.unsentBytes ?? 0;
  }

  send(pieces: readonly Uint8Array[], bytes: number): boolean {
    const sender = this.#sender;
    if (sender === null) return false;
    const { unsentBytes } = sender;
    if (unsentBytes > 0 && unsentBytes + bytes > this.#context.limits.unsentBytesMax) return false;
    sender.push(pieces, bytes);
    return true;
  }

  /** The peer has just connected here: it is there, so waiting is over. */
  hurry(): void {
    if (this.#closed || this.#sender !== null) return;
    if (this.#dialled === null) return this.#dial();
    if (performance.now() - this.#dialledAtMs > STALE_ATTEMPT_MS) {
      this.#delay.reset();
      this.#dialled.end();
    }
  }

  /** Sends what is queued as far as the system takes it, then disconnects. No handler is called any more. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#sender?.flush();
    this.#dialled?.end();
    await this.#dialled?.ended;
  }

  #dial(): void {
    clearTimeout(this.#retry);
    this.#dialledAtMs = performance.now();
    try {
      this.#dialled = dial(this.address, this.#context, {
        up: (sender) => this.#up(sender),
        down: (problem) => this.#down(problem),
      });
    } catch (thrown) {
      if (!(thrown instanceof PsmrError)) throw thrown;
      this.#down(thrown);
    }
  }

  #up(sender: MessageSender): void {
    if (this.#closed) return;
    this.#sender = sender;
    this.#failingSinceMs = null;
    this.#context.problems.forget(this.#source);
    this.#context.handlers.up(this.address.id);
  }

  get #source(): string {
    return `to ${this.address.id}`;
  }

  #down(problem: PsmrError): void {
    const wasUp = this.#sender !== null;
    this.#dialled = null;
    this.#sender = null;
    if (this.#closed) return;
    const nowMs = performance.now();
    this.#failingSinceMs ??= nowMs;
    if (wasUp && nowMs - this.#dialledAtMs > STABLE_MS) this.#delay.reset();
    const refused = problem.code !== 'UNREACHABLE';
    this.#retry = setTimeout(() => this.#dial(), this.#delay.next(refused));
    if (refused || nowMs - this.#failingSinceMs >= this.#context.limits.unreachableMs)
      this.#context.problems.report(this.#source, problem);
    if (wasUp) this.#context.handlers.down(this.address.id);
  }
}
