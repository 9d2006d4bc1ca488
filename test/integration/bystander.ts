/** A client that goes on working beside whatever else a test does to the server. */
import { connect, type Client } from 'psmr';
import { onTestFinished } from 'vitest';
import ledger from './services/ledger.js';

export class Bystander {
  readonly #client: Client<typeof ledger>;
  #done = 0;
  #stopped = false;
  readonly #working: Promise<void>;

  private constructor(client: Client<typeof ledger>) {
    this.#client = client;
    this.#working = this.#work();
    // Seen where `finish` awaits it.
    this.#working.catch(() => undefined);
  }

  static async of(url: string, token?: string): Promise<Bystander> {
    const client = await connect<typeof ledger>({
      replicas: [url],
      service: ledger,
      ...(token === undefined ? {} : { token }),
    });
    onTestFinished(() => client.close());
    return new Bystander(client);
  }

  /** Resolves when so many more of its commands have been answered. */
  async proceeds(commands: number): Promise<void> {
    const target = this.#done + commands;
    while (this.#done < target && !this.#stopped) await this.#client.execute('read', { key: 'none' });
  }

  /** Stops it; rejects where one of its commands failed or was not executed exactly once. */
  async finish(): Promise<void> {
    this.#stopped = true;
    await this.#working;
    const { amount } = await this.#client.execute('read', { key: 'bystander' });
    if (amount !== this.#done) throw new Error(`${this.#done} commands were answered, ${amount} executed`);
  }

  async #work(): Promise<void> {
    while (!this.#stopped) {
      await this.#client.execute('count', { keys: ['bystander'] });
      await this.#client.execute('count', { keys: ['here', 'there', 'elsewhere'] });
      this.#done++;
    }
  }
}
