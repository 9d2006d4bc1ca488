import { streamsOf } from '../../src/execution/stream-set.js';
import type { BenchCommand } from '../workloads/workload.js';
import { EntryBuilder } from './entry-builder.js';
import type { LogEntry, OrderedLogs } from './ordered-logs.js';
import type { Route, Router } from './route.js';

export interface LogShape {
  readonly streams: number;
  /** Epoch of the partition map that the commands were routed by. */
  readonly epoch: number;
  /** Commands per entry. */
  readonly batch: number;
}

/**
 * Deals commands, in the order of their arrival, to the logs of their groups. Every `batch` commands close an entry; a
 * stream's entry names the newest group-0 index closed so far that has a command for it. A stream that is idle when
 * group 0 grows by a command for it gets an entry with that merge point alone. Within an entry, commands are grouped by
 * destination, as in a client's frame: they came at the same time, so any order of them is right.
 */
export function buildLogs(commands: Iterable<BenchCommand>, route: Router, shape: LogShape): OrderedLogs {
  const dealer = new Dealer(shape);
  for (const command of commands) dealer.deal(command, route(command));
  return dealer.finish();
}

class Dealer {
  readonly #batch: number;
  readonly #logs: LogEntry[][];
  readonly #open: EntryBuilder[];
  /** dueMergePoint[i]: the newest group-0 index closed so far with a command for stream i. */
  readonly #dueMergePoint: number[];
  /** The streams that group 0's open entry has commands for. */
  #syncDestinations = new Set<number>();
  #commands = 0;

  constructor({ streams, epoch, batch }: LogShape) {
    this.#batch = batch;
    this.#logs = Array.from({ length: streams + 1 }, () => []);
    this.#open = Array.from({ length: streams + 1 }, () => new EntryBuilder(epoch));
    this.#dueMergePoint = Array.from({ length: streams + 1 }, () => 0);
  }

  deal(command: BenchCommand, route: Route): void {
    const { group } = route;
    const open = this.#builder(group);
    open.add(command, route);
    this.#commands++;
    if (group === 0) for (const stream of streamsOf(route.mask)) this.#syncDestinations.add(stream);
    if (open.count >= this.#batch) this.#close(group);
  }

  finish(): OrderedLogs {
    if (this.#builder(0).count > 0) this.#closeSync();
    for (let stream = 1; stream < this.#logs.length; stream++) {
      if (this.#builder(stream).count > 0 || this.#mergePointDue(stream)) this.#closeStream(stream);
    }
    return { groups: this.#logs, commands: this.#commands };
  }

  #close(group: number): void {
    if (group === 0) this.#closeSync();
    else this.#closeStream(group);
  }

  #closeSync(): void {
    const log = this.#log(0);
    log.push(this.#builder(0).take(0));
    for (const stream of this.#syncDestinations) {
      this.#dueMergePoint[stream] = log.length;
      if (this.#builder(stream).count === 0) this.#closeStream(stream);
    }
    this.#syncDestinations = new Set();
  }

  #closeStream(stream: number): void {
    this.#log(stream).push(this.#builder(stream).take(this.#dueMergePoint[stream] ?? 0));
  }

  #mergePointDue(stream: number): boolean {
    return (this.#dueMergePoint[stream] ?? 0) > (this.#log(stream).at(-1)?.mergePoint ?? 0);
  }

  #log(group: number): LogEntry[] {
    return held(this.#logs, group);
  }

  #builder(group: number): EntryBuilder {
    return held(this.#open, group);
  }
}

function held<T>(items: readonly T[], group: number): T {
  const item = items[group];
  if (item === undefined) throw new RangeError(`there is no group ${group}`);
  return item;
}
