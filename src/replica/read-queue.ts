/**
 * Read-only frames of one stream, from when they come until they are answered (invariant I4).
 *
 * A read waits until the stream has executed its own log up to the index that `readIndex` named. That suffices for
 * cross-stream commands too. Such a command's reply leaves some replica only after all destinations there have come to
 * its rendezvous, so after the stream's entry whose merge point named the command was executed, hence committed. An
 * index found after that reply is that entry's or a later one, and executing the entry executes the command first.
 */
import { PsmrError } from '../errors.js';
import type { GroupLog } from '../ordering/group-log.js';
import type { CommandsFrame } from '../transport/frames.js';
import type { Route } from './client-intake.js';

export interface WaitingRead {
  readonly frame: CommandsFrame;
  readonly bytes: number;
  readonly route: Route;
}

/** Reads that came in between two polls share one question to the log. */
interface Batch {
  readonly reads: readonly WaitingRead[];
  /** By read: the newest entry with a command of its session. Who pipelines a read behind a write sees the write. */
  readonly afterOwn: readonly number[];
  answered: number;
  /** The log's answer; null: none yet. */
  answer: number | PsmrError | null;
}

export interface ReadQueueOptions {
  readonly log: GroupLog;
  readonly wake: () => void;
  readonly execute: (read: WaitingRead) => Uint8Array;
  readonly reject: (read: WaitingRead, error: PsmrError) => void;
}

export class ReadQueue {
  readonly #options: ReadQueueOptions;
  #incoming: WaitingRead[] = [];
  #asked: Batch[] = [];
  #bytes = 0;

  constructor(options: ReadQueueOptions) {
    this.#options = options;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(read: WaitingRead): void {
    this.#incoming.push(read);
    this.#bytes += read.bytes;
  }

  /** Asks the log on behalf of all that came since the last time; what came before them has been proposed by now. */
  ask(): void {
    if (this.#incoming.length === 0) return;
    const { log, wake } = this.#options;
    const reads = this.#incoming;
    this.#incoming = [];
    const batch: Batch = { reads, afterOwn: reads.map(({ route }) => route.lastIndex), answered: 0, answer: null };
    this.#asked.push(batch);
    let atOnce = true;
    log.readIndex((answer) => {
      batch.answer = answer;
      if (!atOnce) wake();
    });
    atOnce = false;
  }

  /** Answers those whose turn has come, in order, so that one client's stay in order. */
  answer(executedIndex: number): boolean {
    let worked = false;
    for (let batch = this.#asked[0]; batch !== undefined; batch = this.#asked[0]) {
      const before = batch.answered;
      const complete = this.#answerBatch(batch, executedIndex);
      worked ||= batch.answered > before;
      if (!complete) break;
      this.#asked.shift();
    }
    return worked;
  }

  /** An entry that a read waits for may be lost: nobody waits on, whoever is still there asks again. */
  rejectAll(error: PsmrError): void {
    const reads = [...this.#asked.flatMap((batch) => batch.reads.slice(batch.answered)), ...this.#incoming];
    this.#asked = [];
    this.#incoming = [];
    this.#reject(reads, error);
  }

  #answerBatch(batch: Batch, executedIndex: number): boolean {
    const { reads, afterOwn, answer } = batch;
    if (answer === null) return false;
    if (answer instanceof PsmrError) {
      this.#reject(reads, answer);
      batch.answered = reads.length;
      return true;
    }
    if (answer > executedIndex) return false;
    for (let read = reads[batch.answered]; read !== undefined; read = reads[batch.answered]) {
      if ((afterOwn[batch.answered] ?? 0) > executedIndex) return false;
      this.#bytes -= read.bytes;
      read.route.link.send(this.#options.execute(read));
      batch.answered++;
    }
    return true;
  }

  #reject(reads: readonly WaitingRead[], error: PsmrError): void {
    for (const read of reads) {
      this.#bytes -= read.bytes;
      this.#options.reject(read, error);
    }
  }
}
