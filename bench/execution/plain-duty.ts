import type { LogEntry } from '../logs/ordered-logs.js';
import { LapDuty } from './lap-duty.js';
import { executePlainly, type PlainValues } from './plain-loop.js';

/** plain-loop: what executing a kv log costs at the least. */
export class PlainDuty extends LapDuty {
  readonly #values: PlainValues = new Map();
  /** Of the newest entry. */
  results: readonly unknown[] = [];

  override state(): Iterable<readonly [string, unknown]> {
    return this.#values;
  }

  protected override execute(entry: LogEntry): void {
    this.results = executePlainly(this.#values, entry);
    this.counts.commands += entry.commands;
  }
}
