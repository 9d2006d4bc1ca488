/** All of a client that concerns one group: its queues, its unanswered frames, its links. */
import { PsmrError } from '../errors.js';
import type { ChannelHost } from './channel-host.js';
import { clientClosed, ended, outcomeUnknown, unanswered, unreachable } from './client-errors.js';
import type { CommandQueue, Commands, CommandType } from './command-queue.js';
import { FrameWindow } from './frame-window.js';
import { GroupLane } from './group-lane.js';
import { GroupReplies } from './group-replies.js';
import { LoggedFrames } from './logged-frames.js';
import type { SentFrame } from './sent-frame.js';

/** Its read-only commands are ordered by its log too, which only its leader writes. */
const SYNC_GROUP = 0;

export class GroupChannel {
  /** It has new commands and waits to be pumped at the end of this turn. */
  dirty = false;
  readonly #host: ChannelHost;
  readonly #logged: LoggedFrames;
  /** Read-only frames: not logged, numbered on their own, harmless to send twice. */
  readonly #reads = new FrameWindow();
  readonly #writing: GroupLane;
  /** The same one, unless reads go to any replica: they have a link and a session of their own then. */
  readonly #reading: GroupLane;
  readonly #replies: GroupReplies;

  constructor(group: number, host: ChannelHost) {
    this.#host = host;
    const fail = (frame: SentFrame, error: PsmrError): void => host.settled(frame.failAll(error));
    const logged = new LoggedFrames(() => host.newSession(), fail);
    this.#logged = logged;
    const common = {
      group,
      host,
      failQueued: (commands: Commands, error: PsmrError): void => this.#failQueued(commands, error),
      receive: (bytes: Uint8Array): void => this.#receive(bytes, this.#writing),
      session: () => logged.session,
      ready: (): void => this.#advance(),
    };
    if (host.readsAnywhere && group !== SYNC_GROUP) {
      const readSession = host.newSession();
      this.#writing = new GroupLane({ ...common, use: 'lead', logged, reads: new FrameWindow() });
      this.#reading = new GroupLane({
        ...common,
        use: 'read',
        logged: null,
        reads: this.#reads,
        receive: (bytes) => this.#receive(bytes, this.#reading),
        session: () => readSession,
      });
    } else {
      this.#writing = new GroupLane({ ...common, use: 'lead', logged, reads: this.#reads });
      this.#reading = this.#writing;
    }
    const lines = { line: this.#writing.line, readLine: this.#reading.line };
    this.#replies = new GroupReplies({ group, host, ...lines, logged, reads: this.#reads });
  }

  /** Where a command of this type waits. */
  queueFor(type: CommandType): CommandQueue {
    return type.readOnly ? this.#reading.queue : this.#writing.queue;
  }

  /** Sends as much as may be sent now. */
  pump(): void {
    for (const lane of this.#lanes()) lane.pump();
  }

  /** Fails what waits for longer than its callers would. */
  expire(now: number): void {
    const { requestTimeoutMs } = this.#host.limits;
    for (const { queue, line } of this.#lanes()) {
      while (queue.deadline <= now) {
        const late = queue.peek(1);
        queue.drop(1);
        this.#failQueued(late, unreachable(unanswered(requestTimeoutMs, line.lastError)));
      }
    }
    const why = unanswered(requestTimeoutMs, this.#writing.line.lastError);
    this.#logged.expire(
      now,
      (frame) => frame.lastRefusal ?? unreachable(why),
      () => outcomeUnknown(why),
    );
    const whyNotRead = unanswered(requestTimeoutMs, this.#reading.line.lastError);
    for (const frame of this.#reads.overlapping(0, Infinity))
      if (frame.deadline <= now) this.#host.settled(frame.failAll(frame.lastRefusal ?? unreachable(whyNotRead)));
    this.#reads.settle();
    this.#advance();
  }

  /** Takes all queued commands out, to be classified anew. */
  takeQueued(): Commands[] {
    return this.#lanes().map(({ queue }) => queue.takeAll());
  }

  close(): void {
    this.#shutDown(clientClosed(), outcomeUnknown('this client was closed before the answer came'));
  }

  fail(error: PsmrError): void {
    this.#shutDown(error, ended(error));
  }

  #lanes(): readonly GroupLane[] {
    return this.#reading === this.#writing ? [this.#writing] : [this.#writing, this.#reading];
  }

  #shutDown(notSent: PsmrError, sent: PsmrError): void {
    for (const { line } of this.#lanes()) line.close();
    for (const frame of this.#logged.takeAll()) this.#host.settled(frame.failAll(frame.maybeArrived ? sent : notSent));
    for (const frame of this.#reads.takeAll()) this.#host.settled(frame.failAll(notSent));
    for (const queued of this.takeQueued()) this.#failQueued(queued, notSent);
  }

  #failQueued({ calls, slots }: Commands, error: PsmrError): void {
    calls.forEach((call, i) => call.fail(slots[i] ?? 0, error));
    this.#host.settled(calls.length);
  }

  #receive(bytes: Uint8Array, { line }: GroupLane): void {
    try {
      this.#replies.receive(bytes);
    } catch (thrown) {
      if (!(thrown instanceof PsmrError)) throw thrown;
      line.drop(thrown);
    }
    this.#advance();
  }

  /** After any change: a session that is complete gives way to the next one, and what can be sent is sent. */
  #advance(): void {
    if (this.#logged.changeSession()) this.#sessionChanged();
    this.pump();
  }

  #sessionChanged(): void {
    this.#writing.line.reset();
    if (this.#reading !== this.#writing) return;
    const { nextSequence } = this.#reads;
    for (const frame of this.#reads.takeAll())
      this.#reads.append(frame.renumbered(this.#logged.session, frame.firstSequence));
    this.#reads.nextSequence = nextSequence;
  }
}
