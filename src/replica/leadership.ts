/** One group's leadership as its node sees it: published for other threads, and never lost unnoticed. */
import type { PsmrError } from '../errors.js';
import type { ControlBlock } from '../memory/control-block.js';
import type { GroupLog } from '../ordering/group-log.js';
import { notLeader } from '../ordering/not-leader.js';

export interface LeadershipOptions {
  readonly group: number;
  /** This replica's number; 0: the log is not replicated. */
  readonly replica: number;
  readonly log: GroupLog;
  readonly control: ControlBlock;
  readonly wake: () => void;
}

export class GroupLeadership {
  readonly #options: LeadershipOptions;
  #ledTerm: number | null = null;
  #lost = false;

  constructor(options: LeadershipOptions) {
    this.#options = options;
    options.log.onLeadership = () => {
      this.#look();
      options.wake();
    };
    this.#look();
  }

  get leading(): boolean {
    return this.#options.log.leadership.leading;
  }

  /** 0: not known, or not replicated. */
  get leader(): number {
    const { log, replica } = this.#options;
    if (log.leadership.leading) return replica;
    const leader = Number(log.leadership.leader ?? 0);
    return Number.isInteger(leader) ? leader : 0;
  }

  refusal(): PsmrError {
    return notLeader(this.leader);
  }

  /** True once after each loss, also where this replica leads again already. */
  takeLoss(): boolean {
    const lost = this.#lost;
    this.#lost = false;
    return lost;
  }

  #look(): void {
    const { group, log, control } = this.#options;
    const { leading, term } = log.leadership;
    if (this.#ledTerm !== null && (!leading || term !== this.#ledTerm)) this.#lost = true;
    this.#ledTerm = leading ? term : null;
    control.setLeader(group, this.leader);
  }
}
