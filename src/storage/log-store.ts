/**
 * Durable, indexed, append-only records: what a durable group log stands on. One writer.
 * Implementations: segment files (the real one) and an in-memory one with fault injection (tests, simulation).
 */
export interface LogStore {
  /** The oldest record held; 1 in a fresh store, or one past the truncated ones. */
  readonly firstIndex: number;
  /** The newest record appended, synced or not; firstIndex - 1 when empty. */
  readonly lastIndex: number;
  /** The newest record known to be on disk. */
  readonly durableIndex: number;
  /** Bytes of all records held. */
  readonly bytes: number;

  /** Appends record lastIndex + 1 (given to be checked); `pieces` are written one after another as they are. */
  append(index: number, pieces: readonly Uint8Array[]): void;
  /**
   * Makes everything appended so far durable; resolves with the new durableIndex. At most one runs at a time: a
   * call during another resolves when a later run has covered it. After a rejection (STORAGE_FAILED) the store
   * accepts nothing more: what is on disk is unknown until it is opened anew. With `onTheSpot` the thread may wait for a
   * disk that is quick, which costs less than letting another thread do it; if the disk hangs, so does the thread.
   */
  sync(onTheSpot?: boolean): Promise<number>;
  /** Records from `from` on, in order, until about `maxBytes` (at least one); empty at the end. Synchronous. */
  read(from: number, maxBytes: number): StoredRecord[];
  /** Drops records below `index` (whole files; may keep a few more than asked for). */
  truncateBelow(index: number): Promise<void>;
  /** Drops records above `index` (a conflicting tail in a replicated log). Not below durable truncation. */
  truncateAbove(index: number): Promise<void>;
  /**
   * Drops every record, durably; the next one appended is `index`. A crash on the way leaves the old log or the
   * restarted one.
   */
  restartAt(index: number): Promise<void>;
  /**
   * Makes durable what was appended before. From this call on the store is changed no more, and once it has closed it is not
   * read either: ENGINE_STOPPED.
   */
  close(): Promise<void>;
}

export interface StoredRecord {
  readonly index: number;
  readonly bytes: Uint8Array;
}
