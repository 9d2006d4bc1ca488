/** Several clients that transfer money between random accounts all the time, each transfer awaited. */
import { connect, PsmrError, type Client } from 'psmr';
import bank from '../bank.js';

const CLIENTS = 4;
/** Transfers that each client has under way. */
const AT_ONCE = 8;
const ACCOUNTS = 500;
const EACH = 1_000;
export const MONEY = ACCOUNTS * EACH;

export class Load {
  transfers = 0;
  /** Settles when all transfers have their answers; rejects as soon as one has none. */
  ended: Promise<unknown> = Promise.resolve();
  readonly #clients: readonly Client<typeof bank>[];
  /** Since when each has waited for its answer. */
  readonly #since = new Map<object, number>();
  #longestMs = 0;
  #running = true;

  private constructor(clients: readonly Client<typeof bank>[]) {
    this.#clients = clients;
  }

  /** Connects, and gives each account its money. */
  static async start(replicas: readonly string[]): Promise<Load> {
    const load = new Load(
      await Promise.all(Array.from({ length: CLIENTS }, () => connect({ replicas, service: bank }))),
    );
    const deposits = Array.from(
      { length: ACCOUNTS },
      (_, at) => ['deposit', { account: `a${at}`, amount: EACH }] as const,
    );
    for (const outcome of (await load.#clients[0]?.executeBatch(deposits)) ?? []) if (!outcome.ok) throw outcome.error;
    const loops = load.#clients.flatMap((client) => Array.from({ length: AT_ONCE }, () => load.#transferAll(client)));
    load.ended = Promise.all(loops);
    // Heard by whoever waits for the end.
    load.ended.catch(() => undefined);
    return load;
  }

  /** The longest that any transfer has waited for its answer, those that wait now included. */
  get longestWaitMs(): number {
    const now = performance.now();
    return Math.max(this.#longestMs, ...[...this.#since.values()].map((since) => now - since));
  }

  /** All money, as one command over all accounts sees it between two transfers. */
  async total(): Promise<number> {
    const [client] = this.#clients;
    return client === undefined ? 0 : client.execute('total');
  }

  /** No new transfers, and the end of those under way. */
  async finish(): Promise<void> {
    this.#running = false;
    await this.ended;
  }

  async close(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#clients.map((client) => client.close()));
  }

  async #transferAll(client: Client<typeof bank>): Promise<void> {
    const loop = {};
    while (this.#running) {
      const since = performance.now();
      this.#since.set(loop, since);
      try {
        await client.execute('transfer', { from: anyAccount(), to: anyAccount(), amount: 1 + random(10) });
        this.transfers++;
      } catch (error) {
        // An account without the money is an answer, too.
        if (!(error instanceof PsmrError) || error.code !== 'COMMAND_FAILED') throw error;
      } finally {
        this.#since.delete(loop);
        this.#longestMs = Math.max(this.#longestMs, performance.now() - since);
      }
    }
  }
}

const random = (below: number): number => Math.floor(Math.random() * below);
const anyAccount = (): string => `a${random(ACCOUNTS)}`;
