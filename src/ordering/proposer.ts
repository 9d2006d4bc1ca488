/**
 * Decides what goes into the next entry of one group's log: everything that has come, with the newest merge point.
 * Then follows what it has proposed until that is committed, or lost in a change of leader. Pure but for its log.
 */
import { type PsmrError } from '../errors.js';
import { Fifo } from '../fifo.js';
import { EntryKind, type Entry, type GroupLog, type Proposal } from './group-log.js';

export interface ProposerOptions {
  readonly log: GroupLog;
  /** The newest group-0 index with a command for this stream; always 0 for group 0 itself. */
  readonly wanted: () => number;
  /** Frames beyond this go into the next entry (one larger frame has an entry of its own). */
  readonly entryBytesMax: number;
  readonly nowMs: () => number;
  /** Why frames are not taken, or were lost: NOT_LEADER, with the leader known now. */
  readonly refusal: () => PsmrError;
}

/** A frame from a client. It is told one of: proposed; refused; proposed, and later refused (it was lost). */
export interface OfferedFrame {
  /** Must not change afterwards. */
  readonly bytes: Uint8Array;
  proposed(index: number): void;
  /** It is in no log and will not be: executed neither now nor later. */
  refused(error: PsmrError): void;
}

/** An entry proposed here whose fate is open. */
interface OpenEntry {
  readonly index: number;
  readonly term: number;
  readonly bytes: number;
  readonly lost: (error: PsmrError) => void;
}

export class Proposer {
  readonly #options: ProposerOptions;
  #pending: OfferedFrame[] = [];
  /** Oldest first. What is settled leaves at once: an entry here keeps its frames in memory. */
  readonly #open = new Fifo<OpenEntry>();
  #bytes = 0;
  /** Leadership of this term was lost with entries open: those may have been replaced. -1: none. */
  #doubtfulTerm = -1;

  constructor(options: ProposerOptions) {
    this.#options = options;
  }

  /** Bytes of frames that wait here, or were proposed and are neither committed nor lost. */
  get bytes(): number {
    return this.#bytes;
  }

  add(frame: OfferedFrame): void {
    this.#pending.push(frame);
    this.#bytes += frame.bytes.byteLength;
  }

  /** Proposes what is pending; an idle stream still follows group 0 with an entry that has a merge point alone. */
  flush(): boolean {
    const { log, wanted } = this.#options;
    if (!log.leadership.leading) return this.#refusePending();
    const newest = wanted();
    if (this.#pending.length === 0 && newest <= log.lastMergePoint) return false;
    const mergePoint = Math.max(log.lastMergePoint, newest);
    const pending = this.#pending;
    this.#pending = [];
    let from = 0;
    do {
      const until = this.#endOfEntry(pending, from);
      this.#propose(pending.slice(from, until), mergePoint);
      from = until;
    } while (from < pending.length);
    return true;
  }

  /** Proposes an entry as it is; `lost` is called if it turns out that it will never be committed. */
  append(proposal: Proposal, lost: (error: PsmrError) => void = () => undefined): number {
    const bytes = proposal.frames.reduce((sum, frame) => sum + frame.byteLength, 0);
    this.#bytes += bytes;
    return this.#append(proposal, bytes, lost);
  }

  /** A committed entry was taken from the log: what was proposed for its place is settled now. */
  taken({ index }: Entry): void {
    if (this.#open.length === 0) return;
    if (this.#doubtfulTerm >= 0) return this.#settleDoubtful(index);
    for (let open = this.#open.first; open !== undefined && open.index <= index; open = this.#open.first) {
      this.#bytes -= open.bytes;
      this.#open.shift();
    }
  }

  /** This replica has led, and leads no more (or again, in another term). */
  leadershipLost(): void {
    this.#refusePending();
    this.#doubtfulTerm = this.#open.last?.term ?? -1;
  }

  /**
   * Terms never fall along a log: once an entry of a later term is committed at or below the place of an older one's,
   * the older one cannot be committed any more. A new leader's first entry settles so all that its predecessor lost.
   */
  #settleDoubtful(index: number): void {
    const { term } = this.#options.log.positionOf(index);
    const open = this.#open.takeAll();
    const isLost = (entry: OpenEntry): boolean => entry.index >= index && entry.term < term;
    const isOpen = (entry: OpenEntry): boolean => entry.index > index && !isLost(entry);
    const still = open.filter(isOpen);
    for (const entry of still) this.#open.push(entry);
    if (still.every((entry) => entry.term > this.#doubtfulTerm)) this.#doubtfulTerm = -1;
    for (const entry of open) if (!isOpen(entry)) this.#bytes -= entry.bytes;
    for (const entry of open) if (isLost(entry)) entry.lost(this.#options.refusal());
  }

  #refusePending(): boolean {
    if (this.#pending.length === 0) return false;
    const pending = this.#pending;
    this.#pending = [];
    for (const frame of pending) {
      this.#bytes -= frame.bytes.byteLength;
      frame.refused(this.#options.refusal());
    }
    return true;
  }

  #endOfEntry(pending: readonly OfferedFrame[], from: number): number {
    let bytes = 0;
    let until = from;
    for (; until < pending.length; until++) {
      bytes += pending[until]?.bytes.byteLength ?? 0;
      if (bytes > this.#options.entryBytesMax && until > from) break;
    }
    return until;
  }

  #propose(offered: readonly OfferedFrame[], mergePoint: number): void {
    const frames = offered.map((frame) => frame.bytes);
    const bytes = frames.reduce((sum, frame) => sum + frame.byteLength, 0);
    const timestampMs = this.#options.nowMs();
    const lost = (error: PsmrError): void => offered.forEach((frame) => frame.refused(error));
    const index = this.#append({ kind: EntryKind.commands, mergePoint, timestampMs, frames }, bytes, lost);
    for (const frame of offered) frame.proposed(index);
  }

  #append(proposal: Proposal, bytes: number, lost: (error: PsmrError) => void): number {
    const { log } = this.#options;
    const index = log.propose(proposal);
    this.#open.push({ index, term: log.leadership.term, bytes, lost });
    return index;
  }
}
