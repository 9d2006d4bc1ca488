import type { GroupLog } from '../../../src/ordering/group-log.js';
import type { CommittedLog } from './committed.js';

/** Whoever leads has all that was committed before its term. With log matching, the newest such entry tells. */
export class LeaderCompleteness {
  readonly #committed: CommittedLog;

  constructor(committed: CommittedLog) {
    this.#committed = committed;
  }

  led(replica: number, log: GroupLog): void {
    const { term } = log.leadership;
    const newest = this.#committed.findLastIndex((each) => each.term < term) + 1;
    const holds = newest <= log.lastIndex;
    const held = holds && newest >= log.firstIndex ? log.positionOf(newest).term : 0;
    if (!holds || (held > 0 && held !== this.#committed[newest - 1]?.term))
      throw new Error(`replica ${replica} leads in term ${term} without entry ${newest}`);
  }
}
