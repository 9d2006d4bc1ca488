/** What the replies of one group do to its unanswered frames. */
import { type ErrorCode, type PsmrError } from '../errors.js';
import { badFrame } from '../transport/frames.js';
import type { ChannelHost, Rerouted } from './channel-host.js';
import { outcomeUnknown } from './client-errors.js';
import type { FrameWindow } from './frame-window.js';
import type { LinkLine } from './link-line.js';
import type { LoggedFrames } from './logged-frames.js';
import { decodeReply, type Rejection, type Reply, type Results } from './reply.js';
import type { SentFrame } from './sent-frame.js';

export interface GroupParts {
  readonly group: number;
  readonly host: ChannelHost;
  readonly line: LinkLine;
  /** The line of the read-only frames. */
  readonly readLine: LinkLine;
  readonly logged: LoggedFrames;
  readonly reads: FrameWindow;
}

export class GroupReplies {
  readonly #parts: GroupParts;

  constructor(parts: GroupParts) {
    this.#parts = parts;
  }

  /** Throws BAD_FRAME. */
  receive(bytes: Uint8Array): void {
    const reply = decodeReply(bytes);
    if (reply.group !== this.#parts.group)
      throw badFrame(`a reply of group ${reply.group} came from ${this.#parts.group}`);
    if (reply.kind === 'results') this.#results(reply);
    else this.#rejected(reply);
  }

  #results(reply: Results): void {
    this.#lineOf(reply).progress();
    if (!reply.readOnly) this.#parts.logged.answered();
    const window = reply.readOnly ? this.#parts.reads : this.#parts.logged.window;
    let settled = 0;
    for (const frame of window.overlapping(reply.firstSequence, reply.count)) settled += this.#settle(frame, reply);
    window.settle();
    if (settled > 0) this.#parts.host.settled(settled);
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
    const { logged, reads } = this.#parts;
    const window = reply.readOnly ? reads : logged.window;
    const frame = window.at(reply.firstSequence);
    if (frame === undefined) return;
    frame.refused();
    const code = this.#meaningOf(reply.error, frame);
    if (code === 'NOT_LEADER' || code === 'OVERLOADED') {
      frame.lastRefusal = reply.error;
      // On another link everything is sent again anyway.
      if (code === 'NOT_LEADER') return this.#lineOf(reply).notLeader(reply.leader);
      return this.#sendAgain(window, frame);
    }
    if (code === 'SEQUENCE_GAP') return reply.readOnly ? this.#sendAgain(window, frame) : this.#gap(frame);
    // Another copy of it is under way and will be answered too: only the last answer settles what became of it.
    if (frame.underWay > 0) return;
    if (code === 'SESSION_CONFLICT') return this.#conflict(frame, reply.error);
    if (code === 'SESSION_EXPIRED') return reply.readOnly ? this.#sessionUnknown(frame) : logged.sessionLost(frame);
    if (code === 'WRONG_EPOCH') return this.#mapChanged(window, frame);
    this.#giveUp(window, frame, reply.error);
  }

  #gap(frame: SentFrame): void {
    const { logged, line } = this.#parts;
    if (!logged.window.wasSent(frame)) return;
    if (logged.gap(frame) === 'session lost') logged.sessionLost(frame);
    else line.pause();
  }

  /** The number belongs to another process's command, so this one was not executed and never will be in this session. */
  #conflict(frame: SentFrame, error: PsmrError): void {
    const { logged, host } = this.#parts;
    logged.conflict(frame);
    host.settled(frame.failAll(error));
  }

  #sessionUnknown(read: SentFrame): void {
    this.#parts.logged.sessionUnknown();
    this.#sendAgain(this.#parts.reads, read);
  }

  /** A server that has not had a session's first frame yet does not know the session: that is a gap, not its end. */
  #meaningOf({ code }: PsmrError, frame: SentFrame): ErrorCode {
    const first = this.#parts.logged.window.oldest;
    const notBegun = first !== undefined && first !== frame && first.firstSequence === 1;
    return code === 'SESSION_EXPIRED' && notBegun ? 'SEQUENCE_GAP' : code;
  }

  #lineOf({ readOnly }: Reply): LinkLine {
    return readOnly ? this.#parts.readLine : this.#parts.line;
  }

  #sendAgain(window: FrameWindow, frame: SentFrame): void {
    if (!window.wasSent(frame)) return;
    window.rewindTo(frame);
    (window === this.#parts.reads ? this.#parts.readLine : this.#parts.line).pause();
  }

  #mapChanged(window: FrameWindow, refused: SentFrame): void {
    const frames = window === this.#parts.reads ? [refused] : this.#parts.logged.takeBack(refused);
    for (const frame of frames)
      this.#reroute(
        frame,
        Array.from({ length: frame.count }, (_, position) => position),
      );
    window.settle();
  }

  #giveUp(window: FrameWindow, frame: SentFrame, error: PsmrError): void {
    // RESULT_FORGOTTEN: it was executed, so its numbers are used and those after it are in order.
    const { logged, reads, host } = this.#parts;
    if (window !== reads && error.code !== 'RESULT_FORGOTTEN') logged.giveUp(frame);
    const unknown = window !== reads && frame.uncertain && error.code !== 'RESULT_FORGOTTEN';
    host.settled(frame.failAll(unknown ? outcomeUnknown(error.message, error) : error));
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
    this.#parts.host.reroute(rerouted, frame.epoch);
  }
}
