/** How a log's records are read: a replica's have a term in front. */
import { decodeEntry } from '../ordering/entry-codec.js';
import { EntryKind, type Entry } from '../ordering/group-log.js';
import { decodeRecord, membershipOf, termOfRecord } from '../ordering/raft/raft-record.js';
import type { StoredRecord } from '../storage/log-store.js';

export interface ReadEntry {
  readonly entry: Entry;
  /** Null: the log is not replicated. */
  readonly term: number | null;
}

/** Throws DATA_CORRUPT. */
export type RecordReader = (record: StoredRecord) => ReadEntry;

export const readEntry: RecordReader = ({ index, bytes }) => ({ entry: decodeEntry(index, bytes), term: null });

export const readReplicatedEntry: RecordReader = ({ index, bytes }) => {
  const term = termOfRecord(index, bytes);
  const entry = decodeRecord(index, bytes);
  if (entry.kind === EntryKind.membership) membershipOf(entry);
  return { entry, term };
};
