import type { Entry } from '../../src/ordering/group-log.js';
import type { SyncRun } from '../../src/ordering/sync-run.js';

/** What has come to its end, once everything taken before is executed. */
export type SourceEnd = 'loaded' | 'finished';

/** Where a stream's entries and group 0's runs come from. */
export interface StreamSource {
  /** The next entry; null: none now, or the end. */
  takeEntry(): Entry | null;
  /** The next run of group 0; every run that an entry taken before waits for is there. */
  peekRun(): SyncRun | null;
  dropRun(): void;
  /** Why `takeEntry` has no more; null: more will come. */
  readonly end: SourceEnd | null;
  /** What is measured begins: after `loaded`. */
  goOn(): void;
  /** Laps of the measured log begun before this one. */
  readonly lap: number;
  /** Ends with that lap. */
  finishAfter(lap: number): void;
}
