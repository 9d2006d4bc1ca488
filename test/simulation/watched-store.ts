/** A log store that tells what is stored and what is dropped: as the properties of logs want to know it. */
import { termOfRecord } from '../../src/ordering/raft/raft-record.js';
import type { LogStore } from '../../src/storage/log-store.js';

export interface StoreWatcher {
  /** `previousTerm`: -1 where the entry before is not held. */
  readonly stored: (index: number, term: number, bytes: string, previousTerm: number) => void;
  readonly dropped: (index: number, term: number) => void;
}

export function watchStore(store: LogStore, watcher: StoreWatcher): LogStore {
  /** Of store.lastIndex; null: to be read. */
  let lastTerm: number | null = null;
  const readTerm = (index: number): number => {
    const [record] = index >= store.firstIndex ? store.read(index, 1) : [];
    return record === undefined ? -1 : termOfRecord(index, record.bytes);
  };
  return {
    get firstIndex() {
      return store.firstIndex;
    },
    get lastIndex() {
      return store.lastIndex;
    },
    get durableIndex() {
      return store.durableIndex;
    },
    get bytes() {
      return store.bytes;
    },
    append: (index, pieces) => {
      const bytes = Buffer.concat(pieces);
      const term = termOfRecord(index, bytes);
      watcher.stored(index, term, bytes.toString('latin1'), lastTerm ?? readTerm(index - 1));
      lastTerm = term;
      store.append(index, pieces);
    },
    sync: () => store.sync(),
    read: (from, maxBytes) => store.read(from, maxBytes),
    truncateBelow: (index) => store.truncateBelow(index),
    truncateAbove: (index) => {
      for (let at = Math.max(index + 1, store.firstIndex); at <= store.lastIndex; at++)
        watcher.dropped(at, readTerm(at));
      lastTerm = null;
      return store.truncateAbove(index);
    },
    restartAt: (index) => {
      lastTerm = null;
      return store.restartAt(index);
    },
    close: () => store.close(),
  };
}
