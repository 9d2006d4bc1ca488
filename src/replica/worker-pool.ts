/** The engine's worker threads: one per group, hosted by piscina, each with a port for control messages. */
import { totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { errorFromWire, messageOf, PsmrError } from '../errors.js';
import { failureOf, type WorkerEnd } from './worker-end.js';
import type { FromWorker, ToWorker, WorkerTask } from './worker-messages.js';

const STREAM_WORKER = fileURLToPath(new URL('../../workers/stream-worker.js', import.meta.url));
const SYNC_WORKER = fileURLToPath(new URL('../../workers/sync-worker.js', import.meta.url));
/** How long workers get to close files and sockets before their threads are ended. */
const STOP_TIMEOUT_MS = 10_000;

const MIB = 1024 * 1024;
const STATE_SHARE_OF_MEMORY = 0.75;
const OLD_GENERATION_MIN_MB = 2048;
const REPLICATED_YOUNG_GENERATION_MB = 32;

type MessageOf<T extends FromWorker['type']> = Extract<FromWorker, { type: T }>;

export type CheckpointMessage = MessageOf<'part' | 'part-skipped' | 'checkpoint-ordered' | 'checkpoint-refused'>;

export type ReplicationMessage = MessageOf<'raft-status' | 'checkpoint-needed' | 'problem'>;

export type SlowMessage = MessageOf<'slow'>;

export interface WorkerPoolHandlers {
  checkpoint(message: CheckpointMessage): void;
  replication(group: number, message: ReplicationMessage): void;
  slow(group: number, message: SlowMessage): void;
  recovered(group: number): void;
  /** A worker is no more, and was not asked to stop. */
  died(group: number, error: unknown): void;
}

interface Waiter {
  readonly type: FromWorker['type'];
  readonly resolve: (message: FromWorker) => void;
  readonly reject: (error: unknown) => void;
}

interface WorkerHandle {
  readonly port: MessagePort;
  readonly waiters: Waiter[];
  ended: Promise<void>;
  /** Why it does nothing any more; null: it does. */
  failure: PsmrError | null;
}

export class WorkerPool {
  readonly #pool: Piscina;
  readonly #workers: WorkerHandle[] = [];
  readonly #handlers: WorkerPoolHandlers;
  #stopping = false;

  constructor(tasks: readonly WorkerTask[], handlers: WorkerPoolHandlers) {
    this.#handlers = handlers;
    this.#pool = new Piscina({
      minThreads: tasks.length,
      maxThreads: tasks.length,
      concurrentTasksPerWorker: 1,
      idleTimeout: Infinity,
      // Our workers block in nothing: their event loops serve sockets and files.
      atomics: 'disabled',
      resourceLimits: heapLimits(
        tasks.length,
        tasks.some(({ replica }) => replica !== 0),
      ),
    });
    for (const task of tasks) this.#workers.push(this.#start(task));
  }

  post(group: number, message: ToWorker): void {
    this.#workers[group]?.port.postMessage(message);
  }

  postAll(message: ToWorker): void {
    for (const worker of this.#workers) worker.port.postMessage(message);
  }

  /** The next message of a type from one worker. Rejects when it fails to listen, is dead or dies, or is to stop. */
  next<T extends FromWorker['type']>(group: number, type: T): Promise<MessageOf<T>> {
    if (this.#stopping) return Promise.reject(stopped());
    const failure = this.#workers[group]?.failure ?? null;
    if (failure !== null) return Promise.reject(failure);
    return new Promise((resolve, reject) => {
      const accept = (message: FromWorker): void => {
        if (isOf(message, type)) resolve(message);
      };
      this.#workers[group]?.waiters.push({ type, resolve: accept, reject });
    });
  }

  nextOfAll<T extends FromWorker['type']>(type: T): Promise<MessageOf<T>[]> {
    return Promise.all(this.#workers.map((_, group) => this.next(group, type)));
  }

  /** Lets every worker close what it holds open, then ends the threads. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.postAll({ type: 'stop' });
    const ended = Promise.allSettled(this.#workers.map((worker) => worker.ended));
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, STOP_TIMEOUT_MS);
    });
    await Promise.race([ended, timeout]);
    clearTimeout(timer);
    for (const worker of this.#workers) worker.port.close();
    await this.#pool.destroy();
  }

  #start(task: WorkerTask): WorkerHandle {
    const { port1, port2 } = new MessageChannel();
    const filename = task.group === 0 ? SYNC_WORKER : STREAM_WORKER;
    const worker: WorkerHandle = { port: port1, waiters: [], ended: Promise.resolve(), failure: null };
    port1.on('message', (message: FromWorker) => this.#receive(task.group, worker, message));
    const run = this.#pool.run({ task, port: port2 }, { filename, transferList: [port2] }) as Promise<WorkerEnd>;
    worker.ended = run.then(
      (end) => this.#failed(task.group, worker, failureOf(end)),
      (error: unknown) =>
        this.#failed(task.group, worker, new PsmrError('ENGINE_FAILED', messageOf(error), { cause: error })),
    );
    return worker;
  }

  /** It says so itself, and then ends, or ends without a word. */
  #failed(group: number, worker: WorkerHandle, failure: PsmrError): void {
    if (worker.failure !== null) return;
    worker.failure = failure;
    const waiters = worker.waiters.splice(0);
    for (const waiter of waiters) waiter.reject(this.#stopping ? stopped() : failure);
    if (!this.#stopping) this.#handlers.died(group, failure);
  }

  #receive(group: number, worker: WorkerHandle, message: FromWorker): void {
    if (isOfCheckpoint(message)) return this.#handlers.checkpoint(message);
    if (isOfReplication(message)) return this.#handlers.replication(group, message);
    if (message.type === 'slow') return this.#handlers.slow(group, message);
    if (message.type === 'failed') return this.#failed(group, worker, errorFromWire(message.code, message.message));
    if (message.type === 'recovered') this.#handlers.recovered(group);
    // Others may wait for something else meanwhile: a replica for its recovery, say, while it opens its endpoints.
    const awaited = message.type === 'listen-failed' ? 'listening' : message.type;
    const at = worker.waiters.findIndex((waiter) => waiter.type === awaited);
    const [waiter] = at < 0 ? [] : worker.waiters.splice(at, 1);
    if (message.type === 'listen-failed') waiter?.reject(errorFromWire(message.code, message.message));
    else waiter?.resolve(message);
  }
}

/**
 * Partitions live on their workers' heaps, but for short texts: each may take its share of most of the memory, where V8's
 * own limit would end it at a few GiB. Young generations larger than V8's spare commands' short-lived objects a good part of the collector;
 * but what survives in one is copied at once, and that pause is in the latency of whoever waits for several replicas.
 */
export function heapLimits(
  threads: number,
  isReplicated: boolean,
): { maxOldGenerationSizeMb: number; maxYoungGenerationSizeMb: number } {
  const shareMb = (totalmem() * STATE_SHARE_OF_MEMORY) / MIB / threads;
  return {
    maxOldGenerationSizeMb: Math.max(OLD_GENERATION_MIN_MB, Math.floor(shareMb)),
    maxYoungGenerationSizeMb: isReplicated
      ? REPLICATED_YOUNG_GENERATION_MB
      : Math.max(32, Math.min(128, Math.floor(1024 / threads))),
  };
}

const CHECKPOINT_MESSAGES: ReadonlySet<string> = new Set<CheckpointMessage['type']>([
  'part',
  'part-skipped',
  'checkpoint-ordered',
  'checkpoint-refused',
]);

function isOfCheckpoint(message: FromWorker): message is CheckpointMessage {
  return CHECKPOINT_MESSAGES.has(message.type);
}

function isOfReplication(message: FromWorker): message is ReplicationMessage {
  return message.type === 'raft-status' || message.type === 'checkpoint-needed' || message.type === 'problem';
}

function stopped(): PsmrError {
  return new PsmrError('ENGINE_STOPPED', 'The engine was stopped before this was done.');
}

function isOf<T extends FromWorker['type']>(message: FromWorker, type: T): message is MessageOf<T> {
  return message.type === type;
}
