/**
 * What makes a retry harmless: per client session, the last sequence number executed in this group and the replies
 * that its client has not acknowledged yet. A pure function of the group's log (section 9 of the design), so it is the
 * same on every replica, and part of every checkpoint.
 */
import { decodeValue, encodeValue } from './command-batch.js';

export interface SessionLimits {
  /** A session unused for this long, by the log's time, is forgotten. */
  readonly sessionIdleMs: number;
  /** The most sessions remembered; the longest unused one goes first. */
  readonly sessionsMax: number;
  /** The most bytes of unacknowledged replies, over all sessions; those of the longest unused session go first. */
  readonly keptRepliesBytesMax: number;
}

// In group 0's table results are recorded as they come back from the streams, so what is kept when limits are reached may
// differ between replicas. What is executed does not: that follows from `last` alone, which is a function of the log.

/** The most unacknowledged replies kept for one session; a client has fewer frames than this under way. */
const REPLIES_PER_SESSION_MAX = 1024;
/** The most bytes of them: a client with 16 frames under way may be cut off, come back, and ask for 4 MiB of each. */
const REPLY_BYTES_PER_SESSION_MAX = 64 << 20;
const NO_SESSION = '\0'.repeat(16);

export type Admission =
  /** New: execute it. */
  | 'admitted'
  /** Executed before: answer from the table. */
  | 'duplicate'
  /** Other commands of these numbers were executed before: refuse. */
  | 'conflict'
  /** Executed before, and the table has let go of the reply: refuse. */
  | 'forgotten'
  /** Earlier commands of the session are missing: refuse, the client sends them again. */
  | 'gap'
  /** The session is not known (any more): refuse, whether it was executed cannot be told. */
  | 'expired';

interface Reply {
  readonly firstSequence: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** A frame that was executed: another one of its numbers is not a repetition of it. */
interface ExecutedFrame {
  readonly first: number;
  readonly last: number;
  readonly digest: number;
}

interface Session {
  last: number;
  /** Replies up to this sequence are gone: acknowledged, or too many to keep. */
  forgotten: number;
  usedMs: number;
  replies: Reply[];
  replyBytes: number;
  /** Those that are not forgotten, by rising sequence. */
  executed: ExecutedFrame[];
}

/** A session's 16 bytes as a Map key. */
export function sessionKeyOf(session: Uint8Array): string {
  return Buffer.from(session.buffer, session.byteOffset, session.byteLength).toString('latin1');
}

/** The first 6 bytes of a session id are its creation time, ms, big-endian. */
function createdMs(sessionKey: string): number {
  return Buffer.from(sessionKey, 'latin1').readUIntBE(0, 6);
}

export function hasSession(sessionKey: string): boolean {
  return sessionKey !== NO_SESSION;
}

export class SessionTable {
  readonly #limits: SessionLimits;
  /** Longest unused first: a used session moves to the end. */
  readonly #sessions = new Map<string, Session>();
  /** Those that have replies, in the same order. */
  readonly #replying = new Map<string, Session>();
  #replyBytes = 0;

  constructor(limits: SessionLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Bytes of the replies kept. */
  get replyBytes(): number {
    return this.#replyBytes;
  }

  /**
   * Decides about commands [first, first + count) of a session; admits them by moving the session forward. `digest`: of
   * the frame that they came in (frame-digest.ts).
   */
  admit(
    key: string,
    first: number,
    count: number,
    acknowledged: number,
    timestampMs: number,
    digest: number,
  ): Admission {
    if (!hasSession(key)) return 'admitted';
    this.#forgetIdle(timestampMs);
    const session = this.#sessions.get(key) ?? this.#open(key, first, timestampMs);
    if (session === null) return 'expired';
    session.usedMs = timestampMs;
    this.#sessions.delete(key);
    this.#sessions.set(key, session);
    const last = first + count - 1;
    // What another process has acknowledged says nothing of what this session's client has got.
    if (first <= session.last && conflicts(session, first, last, digest)) return 'conflict';
    const bytes = session.replyBytes;
    forgetAcknowledged(session, acknowledged);
    this.#replyBytes += session.replyBytes - bytes;
    if (this.#replying.delete(key) && session.replies.length > 0) this.#replying.set(key, session);
    if (last <= session.last) return first <= session.forgotten ? 'forgotten' : 'duplicate';
    if (first !== session.last + 1) return 'gap';
    session.last = last;
    session.executed.push({ first, last, digest });
    return 'admitted';
  }

  record(key: string, firstSequence: number, count: number, bytes: Uint8Array): void {
    const session = this.#sessions.get(key);
    if (session === undefined) return;
    session.replies.push({ firstSequence, count, bytes });
    session.replyBytes += bytes.byteLength;
    this.#replyBytes += bytes.byteLength;
    this.#replying.set(key, session);
    while (holdsTooMuch(session)) this.#replyBytes -= forgetOldest(session);
    this.#forgetReplies();
  }

  /** The replies to commands [first, first + count), as far as they are there already. */
  replies(key: string, first: number, count: number): Uint8Array[] {
    const session = this.#sessions.get(key);
    if (session === undefined) return [];
    return session.replies
      .filter((reply) => reply.firstSequence < first + count && reply.firstSequence + reply.count > first)
      .map((reply) => reply.bytes);
  }

  /** The whole table, in its order, as checkpoint chunks. */
  *encode(): Generator<Uint8Array> {
    for (const [key, session] of this.#sessions) {
      yield encodeValue([
        Buffer.from(key, 'latin1'),
        session.last,
        session.forgotten,
        session.usedMs,
        session.replies.map((reply) => [reply.firstSequence, reply.count, reply.bytes]),
        session.executed.map(({ first, last, digest }) => [first, last, digest]),
      ]);
    }
  }

  /** Adds one session from a checkpoint chunk written by `encode`. */
  restore(chunk: Uint8Array): void {
    const [key, last, forgotten, usedMs, stored, frames = []] = decodeValue(chunk) as [
      Uint8Array,
      number,
      number,
      number,
      [firstSequence: number, count: number, bytes: Uint8Array][],
      // A checkpoint of an earlier version has none: nothing is known of what its frames held.
      [first: number, last: number, digest: number][] | undefined,
    ];
    const replies = stored.map(([firstSequence, count, bytes]) => ({
      firstSequence,
      count,
      bytes: Uint8Array.from(bytes),
    }));
    const replyBytes = replies.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
    const executed = frames.map(([first, end, digest]) => ({ first, last: end, digest }));
    const session = { last, forgotten, usedMs, replies, replyBytes, executed };
    this.#sessions.set(sessionKeyOf(key), session);
    if (replies.length > 0) this.#replying.set(sessionKeyOf(key), session);
    this.#replyBytes += replyBytes;
  }

  #open(key: string, first: number, timestampMs: number): Session | null {
    // An old session that was forgotten must not begin anew: its first commands may have been executed.
    if (first !== 1 || createdMs(key) < timestampMs - this.#limits.sessionIdleMs) return null;
    if (this.#sessions.size >= this.#limits.sessionsMax) this.#forgetLongestUnused();
    return { last: 0, forgotten: 0, usedMs: timestampMs, replies: [], replyBytes: 0, executed: [] };
  }

  #forgetIdle(timestampMs: number): void {
    for (const [key, session] of this.#sessions) {
      if (session.usedMs >= timestampMs - this.#limits.sessionIdleMs) return;
      this.#forget(key, session);
    }
  }

  #forgetLongestUnused(): void {
    for (const [key, session] of this.#sessions) return this.#forget(key, session);
  }

  #forget(key: string, session: Session): void {
    this.#sessions.delete(key);
    this.#replying.delete(key);
    this.#replyBytes -= session.replyBytes;
  }

  /** Down to the limit, but never the newest reply of the session used last: it has yet to be sent. */
  #forgetReplies(): void {
    for (const [key, session] of this.#replying) {
      const kept = this.#replying.size > 1 ? 0 : 1;
      while (this.#replyBytes > this.#limits.keptRepliesBytesMax && session.replies.length > kept)
        this.#replyBytes -= forgetOldest(session);
      if (session.replies.length > 0) return;
      this.#replying.delete(key);
    }
  }
}

/** Of one session, the `place`-th of an encoded table: what decides whether its next commands are executed. */
export function decisiveOf(chunk: Uint8Array, place: number): Uint8Array {
  const [key, last, , usedMs] = decodeValue(chunk) as [Uint8Array, number, number, number];
  return encodeValue([place, key, last, usedMs]);
}

function forgetAcknowledged(session: Session, acknowledged: number): void {
  forgetUpTo(session, Math.min(acknowledged, session.last));
  let gone = 0;
  for (const reply of session.replies) {
    if (reply.firstSequence + reply.count - 1 > acknowledged) break;
    session.replyBytes -= reply.bytes.byteLength;
    gone++;
  }
  if (gone > 0) session.replies.splice(0, gone);
}

function forgetUpTo(session: Session, sequence: number): void {
  session.forgotten = Math.max(session.forgotten, sequence);
  const { executed, forgotten } = session;
  let gone = 0;
  while ((executed[gone]?.last ?? Infinity) <= forgotten) gone++;
  if (gone > 0) executed.splice(0, gone);
}

/** A frame is sent again as it was, so one that is cut otherwise is another one. */
function conflicts({ executed, last: known }: Session, first: number, last: number, digest: number): boolean {
  if (last > known) return true;
  const there = executed.find((frame) => frame.last >= first);
  if (there === undefined || there.first > first) return false;
  return there.first !== first || there.last !== last || there.digest !== digest;
}

function holdsTooMuch({ replies, replyBytes }: Session): boolean {
  return replies.length > 1 && (replies.length > REPLIES_PER_SESSION_MAX || replyBytes > REPLY_BYTES_PER_SESSION_MAX);
}

/** Returns its bytes. */
function forgetOldest(session: Session): number {
  const oldest = session.replies.shift();
  if (oldest === undefined) return 0;
  session.replyBytes -= oldest.bytes.byteLength;
  forgetUpTo(session, oldest.firstSequence + oldest.count - 1);
  return oldest.bytes.byteLength;
}
