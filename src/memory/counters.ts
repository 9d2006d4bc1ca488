/**
 * What each worker counts, in shared memory so that the control plane reads it without asking: one line of Float64
 * per worker, written by that worker only. A reader may see one counter newer than the next; each only rises, but for
 * the gauges (marked), which are set. The number of each is its place in the line: to look a name up takes longer than
 * to count, and a worker counts at every turn.
 */
export const Counter = {
  /** Commands executed by this stream: its own, plus the cross-stream ones that it coordinated. */
  commands: 0,
  /** Cross-stream commands executed here (coordinated or not). */
  crossCommands: 1,
  /** Commands that ended in an error reply. */
  failedCommands: 2,
  /** Read-only commands answered without a log entry. */
  unloggedReads: 3,
  /** Entries of this group's log executed (group 0: delivered). */
  entries: 4,
  /** Frames of this group's log executed: each a batch of commands. */
  frames: 5,
  /** Commands in these frames: those that were executed, not answered again. */
  framedCommands: 6,
  /** Frames refused before they reached the log. */
  rejectedFrames: 7,
  /** Messages of other replicas that were passed over: no replica without a fault sends them. */
  malformedPeerMessages: 8,
  /** Runs of cross-stream commands that met other workers. */
  rendezvous: 9,
  /** Time spent waiting at a rendezvous, us. */
  rendezvousWaitUs: 10,
  /** Time spent waiting for group 0 to fill a merge point, us. */
  mergeWaitUs: 11,
  /** Time spent working, us. */
  busyUs: 12,
  /** Gauge: bytes received and not yet executed. */
  queuedBytes: 13,
  /** Gauge: keys in the partition. */
  keys: 14,
  /** Gauge: sessions remembered. */
  sessions: 15,
  /** Gauge: open network connections. */
  connections: 16,
  /** Gauge: bytes in the log. */
  logBytes: 17,
  /** Gauge: newest index of the log. */
  lastIndex: 18,
  /** Gauge: newest committed index. */
  committedIndex: 19,
  /** Gauge: newest index executed (group 0: delivered). */
  executedIndex: 20,
} as const;
export type CounterName = keyof typeof Counter;
type CounterPlace = (typeof Counter)[CounterName];
const COUNTER_NAMES = Object.keys(Counter) as readonly CounterName[];

const LINE = Math.ceil(COUNTER_NAMES.length / 8) * 8;

export function createCounters(groups: number): SharedArrayBuffer {
  return new SharedArrayBuffer(groups * LINE * 8);
}

export class Counters {
  readonly #values: Float64Array;

  constructor(memory: SharedArrayBuffer, group: number) {
    this.#values = new Float64Array(memory, group * LINE * 8, LINE);
  }

  add(counter: CounterPlace, amount: number): void {
    this.#values[counter] = (this.#values[counter] ?? 0) + amount;
  }

  set(counter: CounterPlace, value: number): void {
    this.#values[counter] = value;
  }

  get(counter: CounterPlace): number {
    return this.#values[counter] ?? 0;
  }

  all(): Record<CounterName, number> {
    return Object.fromEntries(COUNTER_NAMES.map((name) => [name, this.get(Counter[name])])) as Record<
      CounterName,
      number
    >;
  }
}
