/** One index of a group's log, as the first replica that knew it to be committed had it. */
export interface Committed {
  readonly term: number;
  readonly by: number;
}

/** By index - 1. */
export type CommittedLog = readonly Committed[];
