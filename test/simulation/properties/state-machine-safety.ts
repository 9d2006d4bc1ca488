import type { Entry } from '../../../src/ordering/group-log.js';
import type { Committed } from './committed.js';

/** What any replica takes for committed at an index, and executes there, is one entry on all replicas and for ever. */
export class StateMachineSafety {
  /** As executed, by index - 1. */
  readonly entries: Entry[] = [];
  readonly #committed: Committed[];
  readonly #texts: string[] = [];

  constructor(committed: Committed[]) {
    this.#committed = committed;
  }

  committed(replica: number, index: number, term: number): void {
    const known = this.#committed[index - 1];
    if (known !== undefined && known.term !== term)
      throw new Error(`entry ${index} is of term ${known.term} on replica ${known.by}, of ${term} on ${replica}`);
    if (known !== undefined) return;
    if (index !== this.#committed.length + 1) throw new Error(`entry ${index} is committed before the one below it`);
    this.#committed.push({ term, by: replica });
  }

  executed(replica: number, entry: Entry): void {
    const { index } = entry;
    if (index > this.#committed.length) throw new Error(`replica ${replica} executes entry ${index}, not committed`);
    const text = textOf(entry);
    const known = (this.#texts[index - 1] ??= text);
    this.entries[index - 1] ??= entry;
    if (known !== text) throw new Error(`entry ${index} is another on replica ${replica}`);
    const before = this.entries[index - 2];
    if (before !== undefined && before.timestampMs > entry.timestampMs)
      throw new Error(`time falls from ${before.timestampMs} to ${entry.timestampMs} at entry ${index}`);
  }
}

function textOf({ kind, timestampMs, mergePoint, frames }: Entry): string {
  return [kind, timestampMs, mergePoint, ...frames.map((frame) => Buffer.from(frame).toString('hex'))].join(' ');
}
