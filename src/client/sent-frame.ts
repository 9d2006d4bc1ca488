/** One frame from when it is built until all its commands are answered. */
import { decodeCommandBatch } from '../execution/command-batch.js';
import type { PsmrError } from '../errors.js';
import { decodeCommandsFrame, encodeCommandsFrame } from '../transport/frames.js';
import type { Call } from './call.js';

export interface Named {
  readonly name: string;
  readonly args: unknown;
}

export class SentFrame {
  readonly firstSequence: number;
  readonly count: number;
  readonly bytes: Uint8Array;
  /** By the client's clock. */
  readonly deadline: number;
  /** By position; null: answered. */
  readonly calls: (Call | null)[];
  readonly slots: readonly number[];
  /** Commands without an answer yet. */
  open: number;
  /** Transmissions on the present link that no REJECTED has answered. */
  underWay = 0;
  /** It was under way when a link was lost: whether it arrived is not known. */
  uncertain = false;
  /** Why it could not be taken the last time, where sending it again later may help. */
  lastRefusal: PsmrError | null = null;

  constructor(
    firstSequence: number,
    bytes: Uint8Array,
    calls: (Call | null)[],
    slots: readonly number[],
    deadline: number,
  ) {
    this.firstSequence = firstSequence;
    this.count = calls.length;
    this.bytes = bytes;
    this.deadline = deadline;
    this.calls = calls;
    this.slots = slots;
    this.open = calls.reduce((open, call) => (call === null ? open : open + 1), 0);
  }

  get endSequence(): number {
    return this.firstSequence + this.count;
  }

  /** A server may have it, now or later. */
  get maybeArrived(): boolean {
    return this.uncertain || this.underWay > 0;
  }

  succeed(position: number, value: unknown): boolean {
    const call = this.#answered(position);
    call?.succeed(this.slots[position] ?? 0, value);
    return call !== null;
  }

  /** False: it was answered before. */
  fail(position: number, error: PsmrError): boolean {
    const call = this.#answered(position);
    call?.fail(this.slots[position] ?? 0, error);
    return call !== null;
  }

  /** Takes the caller of a position out, for its command to be sent anew elsewhere. */
  withdraw(position: number): Call | null {
    return this.#answered(position);
  }

  /** Fails whatever is unanswered; how many that were. */
  failAll(error: PsmrError): number {
    const failed = this.open;
    for (let position = 0; this.open > 0 && position < this.count; position++) this.fail(position, error);
    return failed;
  }

  #answered(position: number): Call | null {
    const call = this.calls[position] ?? null;
    if (call === null) return null;
    this.calls[position] = null;
    this.open--;
    return call;
  }

  /** One transmission was refused: that one was not executed and will not be. */
  refused(): void {
    this.underWay = Math.max(0, this.underWay - 1);
  }

  get epoch(): number {
    return decodeCommandsFrame(this.bytes).epoch;
  }

  lostOnLink(): void {
    if (this.underWay > 0) this.uncertain = true;
    this.underWay = 0;
  }

  /** Its commands, read back from its bytes. */
  commands(): Named[] {
    return decodeCommandsFrame(this.bytes).segments.flatMap((segment) => {
      const { names, indexes, args } = decodeCommandBatch(segment.body, segment.count);
      return args.map((value, i) => ({ name: names[indexes[i] ?? 0] ?? '', args: value }));
    });
  }

  /** The same commands under another session and number. Never the same bytes: a link may still hold those. */
  renumbered(session: Uint8Array, firstSequence: number): SentFrame {
    const frame = { ...decodeCommandsFrame(this.bytes), session, firstSequence, acknowledged: 0 };
    return new SentFrame(firstSequence, encodeCommandsFrame(frame), this.calls, this.slots, this.deadline);
  }
}
