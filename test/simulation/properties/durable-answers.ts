import type { RaftGroupLog } from '../../../src/ordering/raft/raft-group-log.js';
import { decodeRaftMessage } from '../../../src/ordering/raft/raft-message-codec.js';
import { termOfRecord } from '../../../src/ordering/raft/raft-record.js';
import type { LogStore } from '../../../src/storage/log-store.js';

/** Of a message that is no append request. */
const ANSWER_BYTES_MAX = 44;

/** What a follower says to be stored is in its store, synced, and is the same as in its log. */
export function checkAnswer(bytes: Uint8Array, store: LogStore, log: RaftGroupLog): void {
  if (bytes.byteLength > ANSWER_BYTES_MAX) return;
  const { message } = decodeRaftMessage(bytes);
  if (message.type !== 'append-reply' || !message.ok || message.index < store.firstIndex) return;
  const { index, from } = message;
  const [record] = index <= store.durableIndex ? store.read(index, 1) : [];
  if (record === undefined || termOfRecord(index, record.bytes) !== log.positionOf(index).term)
    throw new Error(`replica ${from} answers that it holds entry ${index}, which is not durable`);
}
