import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { errorFromWire, messageOf } from '../../src/errors.js';
import { heapLimits } from '../../src/replica/worker-pool.js';
import { STOP, type Answer, type Call, type ThreadCalls } from './thread-calls.js';

/** What every thread's module exports as default. */
export interface ThreadStart<Task> {
  readonly task: Task;
  readonly port: MessagePort;
}

interface Waiter {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** The threads of one contender, hosted by piscina. */
export class BenchThreads {
  readonly #pool: Piscina;
  readonly #threads: { stop(): Promise<void> }[] = [];

  constructor(count: number) {
    this.#pool = new Piscina({
      // As the engine's workers have them.
      resourceLimits: heapLimits(count, false),
      minThreads: count,
      maxThreads: count,
      concurrentTasksPerWorker: 1,
      idleTimeout: Infinity,
      atomics: 'disabled',
    });
  }

  /** Starts a thread: `module` exports a function of ThreadStart by default, which answers the calls. */
  start<C extends ThreadCalls>(module: URL, task: unknown): BenchThread<C> {
    const { port1, port2 } = new MessageChannel();
    const options = { filename: fileURLToPath(module), transferList: [port2] };
    const thread = new BenchThread<C>(port1, this.#pool.run({ task, port: port2 }, options) as Promise<void>);
    this.#threads.push(thread);
    return thread;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.stop()));
    await this.#pool.destroy();
  }
}

export class BenchThread<C extends ThreadCalls> {
  readonly #port: MessagePort;
  readonly #ended: Promise<void>;
  readonly #waiters = new Map<number, Waiter>();
  #end: Error | null = null;
  #nextId = 1;

  constructor(port: MessagePort, run: Promise<void>) {
    this.#port = port;
    port.on('message', (answer: Answer) => this.#settle(answer));
    this.#ended = run.then(
      () => this.#finish(new Error('the thread has ended')),
      (error: unknown) => this.#finish(new Error(`a thread of the benchmark died: ${messageOf(error)}`)),
    );
  }

  /** Rejects with what the thread's function threw, or when the thread ends. */
  call<N extends keyof C & string>(name: N, ...argument: Parameters<C[N]>): Promise<Awaited<ReturnType<C[N]>>> {
    if (this.#end !== null) return Promise.reject(this.#end);
    const call: Call = { id: this.#nextId++, name, argument: argument[0] };
    return new Promise((resolve, reject) => {
      // The thread was started with a module that answers these calls, so the value is what its function returned.
      this.#waiters.set(call.id, { resolve: resolve as (value: unknown) => void, reject });
      this.#port.postMessage(call);
    });
  }

  /** Rejects when the thread dies: for those who wait for something else meanwhile. */
  get death(): Promise<never> {
    return this.#ended.then(() => Promise.reject(this.#end ?? new Error('the thread has ended')));
  }

  async stop(): Promise<void> {
    if (this.#end === null) this.#port.postMessage({ id: 0, name: STOP, argument: null } satisfies Call);
    await this.#ended;
  }

  #settle(answer: Answer): void {
    const waiter = this.#waiters.get(answer.id);
    this.#waiters.delete(answer.id);
    if (answer.ok) waiter?.resolve(answer.value);
    else waiter?.reject(answer.code === '' ? new Error(answer.message) : errorFromWire(answer.code, answer.message));
  }

  #finish(end: Error): void {
    this.#end = end;
    this.#port.close();
    for (const waiter of this.#waiters.values()) waiter.reject(end);
    this.#waiters.clear();
  }
}
