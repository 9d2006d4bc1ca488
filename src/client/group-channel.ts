/** All of a client that concerns one group: its queue, its unanswered frames, its link. */
import { PsmrError } from '../errors.js';
import type { ChannelHost } from './channel-host.js';
import { clientClosed, ended, outcomeUnknown, unanswered, unreachable } from './client-errors.js';
import { CommandQueue, type Commands } from './command-queue.js';
import { FrameBuilder } from './frame-builder.js';
import { encodeFrame, pick } from './frame-encoder.js';
import { FrameWindow } from './frame-window.js';
import { GroupReplies } from './group-replies.js';
import { LinkLine } from './link-line.js';
import { LoggedFrames } from './logged-frames.js';
import { SentFrame } from './sent-frame.js';

export class GroupChannel {
  readonly queue = new CommandQueue();
  /** It has new commands and waits to be pumped at the end of this turn. */
  dirty = false;
  readonly #host: ChannelHost;
  readonly #line: LinkLine;
  readonly #builder: FrameBuilder;
  readonly #logged: LoggedFrames;
  /** Read-only frames: not logged, numbered on their own, harmless to send twice. */
  readonly #reads = new FrameWindow();

  readonly #replies: GroupReplies;

  constructor(group: number, host: ChannelHost) {
    this.#host = host;
    const fail = (frame: SentFrame, error: PsmrError): void => host.settled(frame.failAll(error));
    this.#logged = new LoggedFrames(() => host.newSession(), fail);
    this.#builder = new FrameBuilder(this.queue, host.limits, (commands, error) => this.#failQueued(commands, error));
    this.#line = new LinkLine((handlers) => host.openLink(group, this.#logged.session, handlers), host.clock, {
      frame: (bytes) => this.#receive(bytes),
      ready: () => this.pump(),
      lost: () => this.#linkLost(),
      ended: (error) => host.ended(error),
    });
    this.#replies = new GroupReplies({ group, host, line: this.#line, logged: this.#logged, reads: this.#reads });
  }

  /** Sends as much as may be sent now. */
  pump(): void {
    for (;;) {
      const window = this.#logged.window.unsent === undefined ? this.#reads : this.#logged.window;
      const frame = window.unsent ?? this.#build();
      if (frame === undefined) return;
      // A frame just built stands in one of the windows: the next round sends it.
      if (window.unsent !== frame) continue;
      if (!this.#line.send(frame.bytes)) return;
      window.sent(frame);
    }
  }

  /** Fails what waits for longer than its callers would. */
  expire(now: number): void {
    const { requestTimeoutMs } = this.#host.limits;
    const why = unanswered(requestTimeoutMs, this.#line.lastError);
    const missed = (frame: SentFrame): PsmrError => frame.lastRefusal ?? unreachable(why);
    this.#logged.expire(now, missed, () => outcomeUnknown(why));
    for (const frame of this.#reads.overlapping(0, Infinity))
      if (frame.deadline <= now) this.#host.settled(frame.failAll(missed(frame)));
    this.#reads.settle();
    while (this.queue.deadline <= now) {
      const late = this.queue.peek(1);
      this.queue.drop(1);
      this.#failQueued(late, unreachable(why));
    }
    this.#advance();
  }

  /** Takes all queued commands out, to be classified anew. */
  takeQueued(): Commands {
    return this.queue.takeAll();
  }

  close(): void {
    this.#shutDown(clientClosed(), outcomeUnknown('this client was closed before the answer came'));
  }

  fail(error: PsmrError): void {
    this.#shutDown(error, ended(error));
  }

  #shutDown(notSent: PsmrError, sent: PsmrError): void {
    this.#line.close();
    for (const frame of this.#logged.takeAll()) this.#host.settled(frame.failAll(frame.maybeArrived ? sent : notSent));
    for (const frame of this.#reads.takeAll()) this.#host.settled(frame.failAll(notSent));
    this.#failQueued(this.queue.takeAll(), notSent);
  }

  #failQueued({ calls, slots }: Commands, error: PsmrError): void {
    calls.forEach((call, i) => call.fail(slots[i] ?? 0, error));
    this.#host.settled(calls.length);
  }

  /** Puts a new frame at the end of its window. Undefined: nothing to send, or too much under way. */
  #build(): SentFrame | undefined {
    if (this.#logged.fenced || this.#logged.frames + this.#reads.length >= this.#host.limits.framesInFlightMax)
      return undefined;
    const built = this.#builder.next();
    if (built === null) return undefined;
    const { commands, content } = built;
    const window = content.readOnly ? this.#reads : this.#logged.window;
    const header = {
      epoch: this.#host.epoch(),
      session: this.#logged.session,
      firstSequence: window.nextSequence,
      acknowledged: content.readOnly ? 0 : window.acknowledged,
    };
    const calls = content.order === null ? commands.calls : pick(commands.calls, content.order);
    const slots = content.order === null ? commands.slots : pick(commands.slots, content.order);
    const deadline = earliest(commands.deadlines);
    const frame = new SentFrame(header.firstSequence, encodeFrame(header, content), calls, slots, deadline);
    window.append(frame);
    return frame;
  }

  #receive(bytes: Uint8Array): void {
    try {
      this.#replies.receive(bytes);
    } catch (thrown) {
      if (!(thrown instanceof PsmrError)) throw thrown;
      this.#line.drop(thrown);
    }
    this.#advance();
  }

  #linkLost(): void {
    this.#logged.window.linkLost();
    this.#reads.linkLost();
  }

  /** After any change: a session that is complete gives way to the next one, and what can be sent is sent. */
  #advance(): void {
    if (this.#logged.changeSession()) this.#sessionChanged();
    this.pump();
  }

  #sessionChanged(): void {
    this.#line.reset();
    const { nextSequence } = this.#reads;
    for (const frame of this.#reads.takeAll())
      this.#reads.append(frame.renumbered(this.#logged.session, frame.firstSequence));
    this.#reads.nextSequence = nextSequence;
  }
}

function earliest(deadlines: readonly number[]): number {
  let least = Infinity;
  for (const deadline of deadlines) if (deadline < least) least = deadline;
  return least;
}
