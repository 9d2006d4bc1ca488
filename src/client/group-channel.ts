/** All of a client that concerns one group: its queue, its unanswered frames, its link. */
import { type ErrorCode, PsmrError } from '../errors.js';
import type { Call } from './call.js';
import type { ClientClock } from './client-clock.js';
import { clientClosed, ended, outcomeUnknown, unanswered, unreachable } from './client-errors.js';
import type { ClientLimits } from './client-limits.js';
import { CommandQueue, type Commands } from './command-queue.js';
import { FrameBuilder } from './frame-builder.js';
import { encodeFrame, pick } from './frame-encoder.js';
import { FrameWindow } from './frame-window.js';
import type { OpenLink } from './group-link.js';
import { LinkLine } from './link-line.js';
import { LoggedFrames } from './logged-frames.js';
import { decodeReply, type Rejection, type Results } from './reply.js';
import { SentFrame } from './sent-frame.js';

/** A command that is to be classified and queued anew, because the partition map has changed. */
export interface Rerouted {
  readonly name: string;
  readonly args: unknown;
  readonly call: Call;
  readonly slot: number;
  readonly deadline: number;
}

/** What a channel has of its client. */
export interface ChannelHost {
  readonly clock: ClientClock;
  readonly limits: ClientLimits;
  readonly openLink: OpenLink;
  /** Of the partition map that commands are classified by now. */
  epoch(): number;
  newSession(): Uint8Array;
  /** So many commands were answered or failed. */
  settled(count: number): void;
  /** The server has another partition map than that of `epoch`, under which these were sent. */
  reroute(commands: readonly Rerouted[], epoch: number): void;
  /** No link will ever come up again. */
  ended(error: PsmrError): void;
}

export class GroupChannel {
  readonly queue = new CommandQueue();
  /** It has new commands and waits to be pumped at the end of this turn. */
  dirty = false;
  readonly #group: number;
  readonly #host: ChannelHost;
  readonly #line: LinkLine;
  readonly #builder: FrameBuilder;
  readonly #logged: LoggedFrames;
  /** Read-only frames: not logged, numbered on their own, harmless to send twice. */
  readonly #reads = new FrameWindow();

  constructor(group: number, host: ChannelHost) {
    this.#group = group;
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
      const reply = decodeReply(bytes);
      if (reply.kind === 'results') this.#results(reply);
      else this.#rejected(reply);
    } catch (thrown) {
      if (!(thrown instanceof PsmrError)) throw thrown;
      this.#line.drop(thrown);
    }
    this.#advance();
  }

  #results(reply: Results): void {
    this.#line.progress();
    if (!reply.readOnly) this.#logged.answered();
    const window = reply.readOnly ? this.#reads : this.#logged.window;
    let settled = 0;
    for (const frame of window.overlapping(reply.firstSequence, reply.count)) settled += this.#settle(frame, reply);
    window.settle();
    if (settled > 0) this.#host.settled(settled);
  }

  /** The failures first: what they leave open has a value. */
  #settle(frame: SentFrame, reply: Results): number {
    const offset = reply.firstSequence - frame.firstSequence;
    const rerouted: number[] = [];
    let settled = 0;
    for (const { position, error } of reply.failures) {
      if (error.code === 'WRONG_EPOCH') rerouted.push(position + offset);
      else if (frame.fail(position + offset, error)) settled++;
    }
    this.#reroute(frame, rerouted);
    const end = Math.min(frame.count, offset + reply.count);
    for (let position = Math.max(0, offset); position < end; position++)
      if (frame.succeed(position, reply.values[position - offset])) settled++;
    return settled;
  }

  #rejected(reply: Rejection): void {
    const window = reply.readOnly ? this.#reads : this.#logged.window;
    const frame = window.at(reply.firstSequence);
    if (frame === undefined) return;
    frame.refused();
    switch (this.#meaningOf(reply.error, frame)) {
      case 'NOT_LEADER':
      case 'OVERLOADED':
        frame.lastRefusal = reply.error;
        return this.#sendAgain(window, frame);
      case 'SEQUENCE_GAP':
        if (reply.readOnly) return this.#sendAgain(window, frame);
        if (!window.wasSent(frame)) return;
        if (this.#logged.gap(frame) === 'session lost') return this.#logged.sessionLost(frame);
        return this.#line.pause();
    }
    // Another copy of it is under way and will be answered too: only the last answer settles what became of it.
    if (frame.underWay > 0) return;
    switch (reply.error.code) {
      case 'SESSION_EXPIRED':
        if (!reply.readOnly) return this.#logged.sessionLost(frame);
        this.#logged.sessionUnknown();
        return this.#sendAgain(window, frame);
      case 'WRONG_EPOCH':
        return this.#mapChanged(window, frame);
      default:
        return this.#giveUp(window, frame, reply.error);
    }
  }

  /** A server that has not had a session's first frame yet does not know the session: that is a gap, not its end. */
  #meaningOf({ code }: PsmrError, frame: SentFrame): ErrorCode {
    const first = this.#logged.window.oldest;
    const notBegun = first !== undefined && first !== frame && first.firstSequence === 1;
    return code === 'SESSION_EXPIRED' && notBegun ? 'SEQUENCE_GAP' : code;
  }

  #sendAgain(window: FrameWindow, frame: SentFrame): void {
    if (!window.wasSent(frame)) return;
    window.rewindTo(frame);
    this.#line.pause();
  }

  #mapChanged(window: FrameWindow, refused: SentFrame): void {
    const frames = window === this.#reads ? [refused] : this.#logged.takeBack(refused);
    for (const frame of frames)
      this.#reroute(
        frame,
        Array.from({ length: frame.count }, (_, position) => position),
      );
    window.settle();
  }

  #giveUp(window: FrameWindow, frame: SentFrame, error: PsmrError): void {
    // RESULT_FORGOTTEN: it was executed, so its numbers are used and those after it are in order.
    if (window !== this.#reads && error.code !== 'RESULT_FORGOTTEN') this.#logged.giveUp(frame);
    this.#host.settled(frame.failAll(frame.uncertain ? outcomeUnknown(error.message, error) : error));
    window.settle();
  }

  #reroute(frame: SentFrame, positions: readonly number[]): void {
    if (positions.length === 0) return;
    const commands = frame.commands();
    const rerouted: Rerouted[] = [];
    for (const position of positions) {
      const command = commands[position];
      const call = frame.withdraw(position);
      if (command !== undefined && call !== null)
        rerouted.push({ ...command, call, slot: frame.slots[position] ?? 0, deadline: frame.deadline });
    }
    this.#host.reroute(rerouted, frame.epoch);
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
