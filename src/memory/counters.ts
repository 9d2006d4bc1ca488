/**
 * What each worker counts, in shared memory so that the control plane reads it without asking: one line of Float64
 * per worker, written by that worker only. A reader may see one counter newer than the next; each only rises, but for
 * the gauges (marked), which are set.
 */
export const COUNTER_NAMES = [
  /** Commands executed by this stream: its own, plus the cross-stream ones that it coordinated. */
  'commands',
  /** Cross-stream commands executed here (coordinated or not). */
  'crossCommands',
  /** Commands that ended in an error reply. */
  'failedCommands',
  /** Read-only commands answered without a log entry. */
  'unloggedReads',
  /** Entries of this group's log executed (group 0: delivered). */
  'entries',
  /** Frames of this group's log executed: each a batch of commands. */
  'frames',
  /** Commands in these frames: those that were executed, not answered again. */
  'framedCommands',
  /** Frames refused before they reached the log. */
  'rejectedFrames',
  /** Messages of other replicas that were passed over: no replica without a fault sends them. */
  'malformedPeerMessages',
  /** Runs of cross-stream commands that met other workers. */
  'rendezvous',
  /** Time spent waiting at a rendezvous, us. */
  'rendezvousWaitUs',
  /** Time spent waiting for group 0 to fill a merge point, us. */
  'mergeWaitUs',
  /** Time spent working, us. */
  'busyUs',
  /** Gauge: bytes received and not yet executed. */
  'queuedBytes',
  /** Gauge: keys in the partition. */
  'keys',
  /** Gauge: sessions remembered. */
  'sessions',
  /** Gauge: open network connections. */
  'connections',
  /** Gauge: bytes in the log. */
  'logBytes',
  /** Gauge: newest index of the log. */
  'lastIndex',
  /** Gauge: newest committed index. */
  'committedIndex',
  /** Gauge: newest index executed (group 0: delivered). */
  'executedIndex',
] as const;
export type CounterName = (typeof COUNTER_NAMES)[number];

const LINE = Math.ceil(COUNTER_NAMES.length / 8) * 8;
const SLOTS = Object.fromEntries(COUNTER_NAMES.map((name, slot) => [name, slot])) as Record<CounterName, number>;

export function createCounters(groups: number): SharedArrayBuffer {
  return new SharedArrayBuffer(groups * LINE * 8);
}

export class Counters {
  readonly #values: Float64Array;

  constructor(memory: SharedArrayBuffer, group: number) {
    this.#values = new Float64Array(memory, group * LINE * 8, LINE);
  }

  add(name: CounterName, amount: number): void {
    const slot = SLOTS[name];
    this.#values[slot] = (this.#values[slot] ?? 0) + amount;
  }

  set(name: CounterName, value: number): void {
    this.#values[SLOTS[name]] = value;
  }

  get(name: CounterName): number {
    return this.#values[SLOTS[name]] ?? 0;
  }

  all(): Record<CounterName, number> {
    return Object.fromEntries(COUNTER_NAMES.map((name) => [name, this.get(name)])) as Record<CounterName, number>;
  }
}
