import type { StreamPorts } from '../../src/execution/stream-ports.js';
import type { Entry } from '../../src/ordering/group-log.js';
import type { SyncRun } from '../../src/ordering/sync-run.js';
import type { ExchangeLinks } from '../../src/replica/stream-links.js';
import type { ResultCheck } from '../workloads/workload.js';
import { checkReply, commandsOf } from './result-checker.js';
import type { StreamSource } from './stream-source.js';

/**
 * What a stream's execution needs of the world when nobody waits for replies: the execution layer alone. Rendezvous are
 * as in the engine; results are dropped, or, at the end of a benchmark, checked.
 */
export class LogPorts implements StreamPorts {
  readonly #source: StreamSource;
  readonly #exchange: ExchangeLinks;
  #check: ResultCheck | null = null;
  #entry: Entry | null = null;

  constructor(source: StreamSource, exchange: ExchangeLinks) {
    this.#source = source;
    this.#exchange = exchange;
  }

  /** From now on, results are encoded and looked at. */
  checkResults(check: ResultCheck): void {
    this.#check = check;
  }

  get feedReads(): boolean {
    return this.#check !== null;
  }

  takeEntry(): Entry | null {
    this.#entry = this.#source.takeEntry();
    return this.#entry;
  }

  delivered(): number {
    return Number.MAX_SAFE_INTEGER;
  }

  peekRun(): SyncRun | null {
    return this.#source.peekRun();
  }

  dropRun(): void {
    this.#source.dropRun();
  }

  readyToSend(): boolean {
    this.#exchange.flush();
    return this.#exchange.clear;
  }

  send(stream: number, message: Uint8Array): void {
    this.#exchange.send(stream, message);
  }

  receive(stream: number): Uint8Array | null {
    return this.#exchange.receive(stream);
  }

  /** Entries of prebuilt logs have one frame, so the reply is to that. */
  reply(_session: string, frame: Uint8Array): void {
    const [commands] = this.#entry?.frames ?? [];
    if (this.#check !== null && commands !== undefined) checkReply(commandsOf(commands), frame, this.#check);
  }

  syncResults(run: SyncRun, results: readonly Uint8Array[]): void {
    const check = this.#check;
    if (check === null) return;
    run.parts.forEach((part, at) => {
      const reply = results[at];
      if (reply !== undefined) checkReply([part], reply, check);
    });
  }

  checkpoint(): void {
    throw new Error('broken invariant: a prebuilt log has no checkpoints');
  }

  flush(): void {
    this.#exchange.flush();
  }

  /** Nothing waits for room on its way to another stream. */
  get clear(): boolean {
    return this.#exchange.clear;
  }
}
