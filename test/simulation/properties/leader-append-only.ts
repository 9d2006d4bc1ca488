import type { RaftStatus } from '../../../src/ordering/raft/raft-group-log-options.js';
import type { CommittedLog } from './committed.js';

/** A leader drops nothing of its term; nobody drops what is committed. */
export class LeaderAppendOnly {
  readonly #committed: CommittedLog;

  constructor(committed: CommittedLog) {
    this.#committed = committed;
  }

  dropped(replica: number, index: number, term: number, { role, term: now }: RaftStatus): void {
    // What it dropped before it led may only now leave the disk: that is of older terms.
    if (role === 'leader' && term === now) throw new Error(`leader ${replica} drops entry ${index} of its own term`);
    if (this.#committed[index - 1]?.term === term)
      throw new Error(`replica ${replica} drops entry ${index}, which is committed`);
  }
}
