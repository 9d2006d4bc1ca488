/**
 * One replicated group in one thread: a leader with a tail of entries that are not committed yet and may be lost with
 * it, what is committed, and the session table that every replica agrees on. The rules are those of docs/protocol.md.
 */
import { decodeCommandBatch, encodeValue } from '../../src/execution/command-batch.js';
import {
  commandCount,
  type CommandsFrame,
  encodeReplyFrame,
  FLAG_READ_ONLY,
  FrameKind,
} from '../../src/transport/frames.js';
import { idOf } from './model-server.js';
import type { SimulatedClock } from './simulated-clock.js';

interface Reply {
  readonly first: number;
  readonly bytes: Uint8Array;
}

interface Session {
  last: number;
  replies: Reply[];
}

interface TailEntry {
  readonly term: number;
  readonly frame: CommandsFrame;
}

/** What a command got: its number, and how many writes the group had executed, itself included. */
export type ModelResult = readonly [id: number, version: number];

export class ModelGroup {
  readonly group: number;
  /** 0: nobody, an election is due. */
  leader = 0;
  term = 0;
  /** Ids of the writes in the order of their execution. */
  readonly executed: number[] = [];
  /** How many entries have been lost with their leader. */
  lost = 0;
  readonly #clock: SimulatedClock;
  /** To whoever has the session connected, anywhere. */
  readonly #reply: (sessionKey: string, bytes: Uint8Array) => void;
  readonly #sessions = new Map<string, Session>();
  #tail: TailEntry[] = [];

  constructor(group: number, clock: SimulatedClock, reply: (sessionKey: string, bytes: Uint8Array) => void) {
    this.group = group;
    this.#clock = clock;
    this.#reply = reply;
  }

  /** A new leader, with as much of the old one's tail as it happens to have. */
  elect(leader: number): void {
    const kept = Math.floor(this.#clock.random() * (this.#tail.length + 1));
    this.lost += this.#tail.length - kept;
    this.leader = leader;
    this.term++;
    const tail = this.#tail.slice(0, kept);
    this.#tail = [];
    for (const { frame } of tail) this.append(frame);
  }

  /** The leader takes a frame; it commits soon, unless the leader is lost before. */
  append(frame: CommandsFrame): void {
    const entry = { term: this.term, frame };
    this.#tail.push(entry);
    this.#clock.after(1 + this.#clock.random() * 10, () => {
      if (this.term === entry.term && this.leader !== 0) this.#commit(this.#tail.indexOf(entry));
    });
  }

  /** A read-only frame, by a replica that knows all that is committed. */
  read(frame: CommandsFrame): Uint8Array[] {
    return this.#results(frame).map(({ bytes }) => bytes);
  }

  reject(frame: CommandsFrame, code: string, leader: number): Uint8Array {
    const body = encodeValue({ code, message: 'refused by the model', leader });
    return this.#encode(FrameKind.rejected, frame, frame.firstSequence, commandCount(frame), body);
  }

  #commit(last: number): void {
    for (const { frame } of this.#tail.splice(0, last + 1)) {
      const key = Buffer.from(frame.session).toString('hex');
      for (const bytes of this.#execute(key, frame)) this.#reply(key, bytes);
    }
  }

  #execute(key: string, frame: CommandsFrame): Uint8Array[] {
    // In group 0 reads are ordered by the log too; they have no place in a session.
    if ((frame.flags & FLAG_READ_ONLY) !== 0) return this.read(frame);
    const session = this.#sessions.get(key) ?? { last: frame.firstSequence === 1 ? 0 : -1, replies: [] };
    if (session.last < 0) return [this.reject(frame, 'SESSION_EXPIRED', 0)];
    this.#sessions.set(key, session);
    session.replies = session.replies.filter(({ first }) => first > frame.acknowledged);
    const end = frame.firstSequence + commandCount(frame);
    if (end - 1 <= session.last)
      return session.replies
        .filter(({ first }) => first >= frame.firstSequence && first < end)
        .map(({ bytes }) => bytes);
    if (frame.firstSequence !== session.last + 1) return [this.reject(frame, 'SEQUENCE_GAP', 0)];
    session.last = end - 1;
    const replies = this.#results(frame);
    session.replies.push(...replies);
    return replies.map(({ bytes }) => bytes);
  }

  /** In one to three parts. */
  #results(frame: CommandsFrame): Reply[] {
    const readOnly = (frame.flags & FLAG_READ_ONLY) !== 0;
    const commands = frame.segments.flatMap(({ body, count }) => {
      const { names, indexes, args } = decodeCommandBatch(body, count);
      return args.map((value, i) => ({ id: idOf(value), name: names[indexes[i] ?? 0] }));
    });
    const values = commands.map(({ id, name }): ModelResult => {
      if (!readOnly && name !== 'read') this.executed.push(id);
      return [id, this.executed.length];
    });
    const replies: Reply[] = [];
    for (let from = 0; from < values.length;) {
      const count = Math.min(values.length - from, 1 + Math.floor(this.#clock.random() * values.length));
      const errors = commands
        .slice(from, from + count)
        .flatMap(({ name }, i) => (name === 'fails' ? [i, 'COMMAND_FAILED', 'as asked'] : []));
      const body = encodeValue([values.slice(from, from + count), errors]);
      const first = frame.firstSequence + from;
      replies.push({ first, bytes: this.#encode(FrameKind.results, frame, first, count, body) });
      from += count;
    }
    return replies;
  }

  #encode(kind: 4 | 5, frame: CommandsFrame, firstSequence: number, count: number, body: Uint8Array): Uint8Array {
    return encodeReplyFrame({ kind, flags: frame.flags, group: this.group, count, firstSequence, body });
  }
}
