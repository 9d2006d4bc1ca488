/**
 * The words that all threads of one engine share. One block per engine; group g has one cache line of words and one of
 * indexes, so that no two threads write to the same line.
 *
 *   words     Int32, 16 per line:    line 0: 0 engine state | 1 fed;  line 1 + g: 0 bell of group g's worker | 1 leader |
 *                                    2 disk | 3 behind
 *   indexes   BigInt64, 8 per line:  line g: 0 wanted | 1 delivered;  line groups + g: 0 awaited | 1 time
 *   reason    1 KiB: why the engine failed: u32 length, then UTF-8 (written once, before the state says failed)
 *
 *   wanted[i]     newest group-0 index that holds a command for stream i, committed or not (written by group 0)
 *   delivered[i]  group 0's commands up to here are all in stream i's ring          (written by group 0)
 *   awaited[i]    the merge point that stream i cannot pass yet                 (written by stream i)
 *   time[i]       of the newest command that stream i has executed, ms since 1970 (written by stream i)
 *   leader[g]     the replica that leads group g, as far as is known here; 0: not known (written by group g)
 *   disk[g]       1: group g's thread is in a call that waits for its disk (written by group g); 2: it has been there for
 *                 seconds (written by the main thread)
 *   behind[g]     1: much of group g is committed that has not been executed here    (written by group g)
 * The indexes only rise. `wanted` may name what group 0 has lost meanwhile; group 0 fills what is awaited (invariant I3).
 */
import { Doorbell } from './doorbell.js';

const WORDS_PER_LINE = 16;
const INDEXES_PER_LINE = 8;
const WANTED = 0;
const DELIVERED = 1;
const TIME = 1;
const FED = 1;
const LEADER = 1;
const DISK = 2;
const BEHIND = 3;
const AT_DISK = 1;
const STUCK_AT_DISK = 2;
const REASON_BYTES = 1024;

export const EngineState = { running: 0, stopping: 1, failed: 2 } as const;
export type EngineState = (typeof EngineState)[keyof typeof EngineState];

export interface ControlBlockMemory {
  readonly groups: number;
  readonly words: SharedArrayBuffer;
  readonly indexes: SharedArrayBuffer;
  readonly reason: SharedArrayBuffer;
}

export function createControlBlock(groups: number): ControlBlockMemory {
  return {
    groups,
    words: new SharedArrayBuffer((1 + groups) * WORDS_PER_LINE * 4),
    indexes: new SharedArrayBuffer(2 * groups * INDEXES_PER_LINE * 8),
    reason: new SharedArrayBuffer(REASON_BYTES),
  };
}

export class ControlBlock {
  readonly #words: Int32Array;
  readonly #indexes: BigInt64Array;
  readonly #reason: Uint8Array;
  readonly #groups: number;
  readonly #bells: readonly Doorbell[];

  constructor(memory: ControlBlockMemory) {
    this.#words = new Int32Array(memory.words);
    this.#indexes = new BigInt64Array(memory.indexes);
    this.#reason = new Uint8Array(memory.reason);
    this.#groups = memory.groups;
    this.#bells = Array.from(
      { length: memory.groups },
      (_, group) => new Doorbell(this.#words, (1 + group) * WORDS_PER_LINE),
    );
  }

  get state(): EngineState {
    return Atomics.load(this.#words, 0) as EngineState;
  }

  /** The bell of a group's worker. */
  bell(group: number): Doorbell {
    const bell = this.#bells[group];
    if (bell === undefined) throw new Error(`broken invariant: there is no group ${group}`);
    return bell;
  }

  /** Moves the engine's state forward (it never goes back) and wakes every worker. */
  enter(state: EngineState, reason = ''): void {
    if (this.state >= state) return;
    if (reason !== '') this.#writeReason(reason);
    Atomics.store(this.#words, 0, state);
    for (const bell of this.#bells) bell.ring();
  }

  get reason(): string {
    const length = new DataView(this.#reason.buffer).getUint32(0, true);
    return Buffer.from(this.#reason.slice(4, 4 + length)).toString('utf8');
  }

  /** Whether a user's log orders everything. Set before anything of it can be seen, and never taken back. */
  get fed(): boolean {
    return Atomics.load(this.#words, FED) === 1;
  }

  setFed(): void {
    Atomics.store(this.#words, FED, 1);
  }

  leader(group: number): number {
    return Atomics.load(this.#words, (1 + group) * WORDS_PER_LINE + LEADER);
  }

  /** Whether this replica knows no leader of a group other than this one. */
  anyLeaderlessBut(group: number): boolean {
    for (let other = 0; other < this.#groups; other++) if (other !== group && this.leader(other) === 0) return true;
    return false;
  }

  setLeader(group: number, replica: number): void {
    Atomics.store(this.#words, (1 + group) * WORDS_PER_LINE + LEADER, replica);
  }

  /** Whether the thread of a group other than this one is in a call that waits for its disk: mostly for a moment. */
  anyAtDiskBut(group: number): boolean {
    for (let other = 0; other < this.#groups; other++) if (other !== group && this.#disk(other) !== 0) return true;
    return false;
  }

  /** Whether the thread of a group other than this one has been in such a call for seconds. */
  anyStuckAtDiskBut(group: number): boolean {
    for (let other = 0; other < this.#groups; other++) if (other !== group && this.isStuckAtDisk(other)) return true;
    return false;
  }

  isStuckAtDisk(group: number): boolean {
    return this.#disk(group) === STUCK_AT_DISK;
  }

  setAtDisk(group: number, is: boolean): void {
    Atomics.store(this.#words, (1 + group) * WORDS_PER_LINE + DISK, is ? AT_DISK : 0);
  }

  /** Whether a group other than this one has yet to execute much that is committed. */
  anyBehindBut(group: number): boolean {
    for (let other = 0; other < this.#groups; other++)
      if (other !== group && Atomics.load(this.#words, (1 + other) * WORDS_PER_LINE + BEHIND) === 1) return true;
    return false;
  }

  setBehind(group: number, is: boolean): void {
    Atomics.store(this.#words, (1 + group) * WORDS_PER_LINE + BEHIND, Number(is));
  }

  /** The group's thread has been silent for seconds. True: the disk is why. */
  findStuckAtDisk(group: number): boolean {
    return (
      Atomics.compareExchange(this.#words, (1 + group) * WORDS_PER_LINE + DISK, AT_DISK, STUCK_AT_DISK) === AT_DISK
    );
  }

  wanted(stream: number): number {
    return Number(Atomics.load(this.#indexes, stream * INDEXES_PER_LINE + WANTED));
  }

  setWanted(stream: number, index: number): void {
    Atomics.store(this.#indexes, stream * INDEXES_PER_LINE + WANTED, BigInt(index));
  }

  delivered(stream: number): number {
    return Number(Atomics.load(this.#indexes, stream * INDEXES_PER_LINE + DELIVERED));
  }

  setDelivered(stream: number, index: number): void {
    Atomics.store(this.#indexes, stream * INDEXES_PER_LINE + DELIVERED, BigInt(index));
  }

  awaited(stream: number): number {
    return Number(Atomics.load(this.#indexes, (this.#groups + stream) * INDEXES_PER_LINE));
  }

  setAwaited(stream: number, index: number): void {
    Atomics.store(this.#indexes, (this.#groups + stream) * INDEXES_PER_LINE, BigInt(index));
  }

  setTime(stream: number, ms: number): void {
    Atomics.store(this.#indexes, (this.#groups + stream) * INDEXES_PER_LINE + TIME, BigInt(Math.ceil(ms)));
  }

  /** The time now, as the system's clock says, and not before that of anything executed: clocks are set back. */
  get nowMs(): number {
    let newest = Date.now();
    for (let group = 0; group < this.#groups; group++)
      newest = Math.max(newest, Number(Atomics.load(this.#indexes, (this.#groups + group) * INDEXES_PER_LINE + TIME)));
    return newest;
  }

  #disk(group: number): number {
    return Atomics.load(this.#words, (1 + group) * WORDS_PER_LINE + DISK);
  }

  #writeReason(reason: string): void {
    const bytes = Buffer.from(reason, 'utf8').subarray(0, REASON_BYTES - 4);
    this.#reason.set(bytes, 4);
    new DataView(this.#reason.buffer).setUint32(0, bytes.byteLength, true);
  }
}
