import type { LogPosition, Membership } from '../../../src/ordering/group-log.js';
import type { LogView } from '../../../src/ordering/raft/raft-types.js';

export interface SimulatedEntry {
  readonly term: number;
  /** Unique: tells entries apart. */
  readonly value: number;
  readonly membership: Membership | null;
  readonly bytes: number;
}

type Operation = { readonly append: SimulatedEntry } | { readonly truncateAbove: number };

/**
 * A log with a disk under it. Operations reach the disk when a sync ends; of those since, a crash keeps the first few.
 */
export class SimulatedLog implements LogView {
  firstIndex = 1;
  #previousTerm = 0;
  entries: SimulatedEntry[] = [];
  /** What the driver may report: all up to here is on the disk. */
  durable = 0;
  #onDisk: SimulatedEntry[] = [];
  #pending: Operation[] = [];

  get lastIndex(): number {
    return this.firstIndex + this.entries.length - 1;
  }

  get unsynced(): boolean {
    return this.#pending.length > 0;
  }

  at(index: number): SimulatedEntry {
    const entry = this.entries[index - this.firstIndex];
    if (entry === undefined) throw new Error(`no entry ${index} in ${this.firstIndex} to ${this.lastIndex}`);
    return entry;
  }

  termOf(index: number): number {
    return index === this.firstIndex - 1 ? this.#previousTerm : this.at(index).term;
  }

  bytesOf(index: number): number {
    return this.at(index).bytes;
  }

  append(entry: SimulatedEntry): void {
    this.entries.push(entry);
    this.#pending.push({ append: entry });
  }

  truncateAbove(index: number): void {
    this.entries.length = index - this.firstIndex + 1;
    this.#pending.push({ truncateAbove: index });
    this.durable = Math.min(this.durable, index);
  }

  /** Entries up to here go; they are committed and on the disk. */
  truncateThrough(index: number): void {
    this.#previousTerm = this.termOf(index);
    const count = index - this.firstIndex + 1;
    this.entries.splice(0, count);
    this.#onDisk.splice(0, count);
    this.firstIndex = index + 1;
  }

  restartAt(position: LogPosition): void {
    this.firstIndex = position.index + 1;
    this.#previousTerm = position.term;
    this.entries = [];
    this.#onDisk = [];
    this.#pending = [];
    this.durable = position.index;
  }

  /** Returns what is to be called when the sync has ended: it returns how far the log is durable then. */
  beginSync(): () => number {
    const count = this.#pending.length;
    const reaches = this.lastIndex;
    return () => {
      let lowest = reaches;
      for (const operation of this.#pending.slice(count)) {
        if ('truncateAbove' in operation) lowest = Math.min(lowest, operation.truncateAbove);
      }
      this.#apply(count);
      this.durable = Math.max(this.durable, lowest);
      return this.durable;
    };
  }

  holdsOnDisk(index: number, entry: SimulatedEntry): boolean {
    return index < this.firstIndex || this.#onDisk[index - this.firstIndex]?.value === entry.value;
  }

  crash(random: () => number): void {
    this.#apply(Math.floor(random() * (this.#pending.length + 1)));
    this.#pending = [];
    this.entries = this.#onDisk.slice();
    this.durable = this.lastIndex;
  }

  #apply(count: number): void {
    for (const operation of this.#pending.splice(0, count)) {
      if ('append' in operation) this.#onDisk.push(operation.append);
      else this.#onDisk.length = operation.truncateAbove - this.firstIndex + 1;
    }
  }
}
