/**
 * What each group of a cluster has committed, as far as any replica has said: at one index, one entry of one term, on
 * every replica and for ever (state machine safety), and at most one leader in a term (election safety).
 */
import type { Entry, GroupLog } from '../../src/ordering/group-log.js';

interface Committed {
  readonly term: number;
  readonly by: number;
  text: string;
}

export class CommittedOrder {
  readonly entries: Entry[] = [];
  readonly #committed: Committed[] = [];
  readonly #leaders = new Map<number, number>();

  constructor(readonly group: number) {}

  get length(): number {
    return this.#committed.length;
  }

  get elections(): number {
    return this.#leaders.size;
  }

  /** A replica knows of commits beyond `from`. */
  committed(replica: number, log: GroupLog, from: number): void {
    for (let index = from + 1; index <= log.committedIndex; index++) {
      const { term } = log.positionOf(index);
      const known = this.#committed[index - 1];
      if (known === undefined) this.#commit(index, { term, by: replica, text: '' });
      else if (known.term !== term)
        this.#broken(`entry ${index} is of term ${known.term} on replica ${known.by}, of ${term} on ${replica}`);
    }
  }

  taken(replica: number, entry: Entry): void {
    const known = this.#committed[entry.index - 1];
    if (known === undefined) return this.#broken(`replica ${replica} executes entry ${entry.index}, not committed`);
    const text = textOf(entry);
    if (known.text === '') {
      known.text = text;
      this.entries[entry.index - 1] = entry;
      this.#checkTime(entry, this.entries[entry.index - 2]);
    } else if (known.text !== text) this.#broken(`entry ${entry.index} is another on replica ${replica}`);
  }

  /** It leads, and so must have all that was ever committed (leader completeness). */
  led(replica: number, log: GroupLog): void {
    const { term } = log.leadership;
    const leader = this.#leaders.get(term) ?? replica;
    this.#leaders.set(term, leader);
    if (leader !== replica) this.#broken(`replicas ${leader} and ${replica} lead in term ${term}`);
    const newest = this.#committed.findLastIndex((each) => each.term < term) + 1;
    if (newest > log.lastIndex) this.#broken(`replica ${replica} leads in term ${term} without entry ${newest}`);
  }

  #checkTime(entry: Entry, before: Entry | undefined): void {
    if (before !== undefined && before.timestampMs > entry.timestampMs)
      this.#broken(`time falls from ${before.timestampMs} to ${entry.timestampMs} at entry ${entry.index}`);
  }

  #commit(index: number, entry: Committed): void {
    if (index !== this.#committed.length + 1) this.#broken(`entry ${index} is committed before the one below it`);
    this.#committed.push(entry);
  }

  #broken(what: string): void {
    throw new Error(`group ${this.group}: ${what}`);
  }
}

function textOf({ kind, timestampMs, mergePoint, frames }: Entry): string {
  return [kind, timestampMs, mergePoint, ...frames.map((frame) => Buffer.from(frame).toString('hex'))].join(' ');
}
