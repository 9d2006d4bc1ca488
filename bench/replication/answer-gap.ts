/** One client that asks again and again, one command at a time: how long it had to wait for an answer. */
import { connect } from '../../src/client/connect.js';
import type { Client } from '../../src/client/client.js';
import kv from '../services/kv.js';

export class AnswerGap {
  readonly #client: Client<typeof kv>;
  readonly #keys: readonly [string, string?];
  #lastMs = performance.now();
  #longestMs = 0;
  readonly #waiting: (() => void)[] = [];
  #open = true;
  #ended: Promise<void> = Promise.resolve();

  private constructor(client: Client<typeof kv>, keys: readonly [string, string?]) {
    this.#client = client;
    this.#keys = keys;
  }

  /** With one key it writes it; with two it swaps their values. All settings are the default ones. */
  static async start(replicas: readonly string[], keys: readonly [string, string?]): Promise<AnswerGap> {
    const probe = new AnswerGap(await connect({ replicas, service: kv }), keys);
    probe.#ended = probe.#ask();
    // `stop` tells.
    probe.#ended.catch(() => undefined);
    return probe;
  }

  /** The longest time between two answers since the last call, ms, the one that goes on included. */
  takeLongest(): number {
    const longest = Math.max(this.#longestMs, performance.now() - this.#lastMs);
    this.#longestMs = 0;
    return longest;
  }

  /** Rejects where a command failed: each fails after a while without an answer. */
  nextAnswer(): Promise<void> {
    return Promise.race([new Promise<void>((resolve) => this.#waiting.push(resolve)), this.#ended]);
  }

  /** Rejects where a command failed. */
  async stop(): Promise<void> {
    this.#open = false;
    try {
      await this.#ended;
    } finally {
      await this.#client.close();
    }
  }

  async #ask(): Promise<void> {
    const [first, second] = this.#keys;
    while (this.#open) {
      if (second === undefined) await this.#client.execute('set', { key: first, value: 'probe' });
      else await this.#client.execute('swap', { first, second });
      const now = performance.now();
      this.#longestMs = Math.max(this.#longestMs, now - this.#lastMs);
      this.#lastMs = now;
      for (const resolve of this.#waiting.splice(0)) resolve();
    }
  }
}
