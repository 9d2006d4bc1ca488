/** The ledger service under load by clients of a cluster, and what must hold of it afterwards. */
import { connect, type Client } from 'psmr';
import { serviceUrl } from './compiled.js';
import { checkLedger, type Dump } from './ledger-check.js';
import type { Replicas } from './replicas.js';
import type ledger from './services/ledger.js';

export type Ledger = Client<typeof ledger>;

export async function ledgerOf(replicas: Replicas): Promise<Ledger> {
  const { default: service } = (await import(serviceUrl('ledger').href)) as { default: typeof ledger };
  return connect({ replicas: replicas.urls, service });
}

/** Sends commands of every kind until told to stop; what was acknowledged, and what was not. */
export class Load {
  readonly acknowledged: string[] = [];
  readonly failed: string[] = [];
  /** The longest that any command took, ms. */
  longestMs = 0;
  readonly #client: Ledger;
  readonly #lanes: Promise<void>[];
  readonly #pad: object;
  #going = true;

  /** `pad`: bytes that each command carries beside what it says. */
  constructor(client: Ledger, name: string, pad = 0) {
    this.#client = client;
    this.#pad = pad === 0 ? {} : { pad: 'x'.repeat(pad) };
    this.#lanes = ['a', 'b', 'c', 'd'].map((lane) => this.#run(`${name}-${lane}`));
  }

  async stop(): Promise<void> {
    this.#going = false;
    await Promise.all(this.#lanes);
  }

  async #run(lane: string): Promise<void> {
    for (let nth = 0; this.#going; nth++) {
      const began = performance.now();
      const [kind, command] = this.#command(nth, lane);
      try {
        await command;
        this.acknowledged.push(kind);
      } catch (error) {
        this.failed.push(`${kind}: ${String(error)}`);
      }
      this.longestMs = Math.max(this.longestMs, performance.now() - began);
    }
  }

  #command(nth: number, lane: string): [id: string, Promise<unknown>] {
    if (nth % 10 === 9) {
      const id = `transfer-${lane}-${nth}`;
      return [
        id,
        this.#client.execute('transfer', {
          from: `account/${nth % 7}`,
          to: `account/${(nth * 3 + 1) % 11}`,
          amount: 1,
          id,
          ...this.#pad,
        }),
      ];
    }
    const id = `add-${lane}-${nth}`;
    return [id, this.#client.execute('add', { key: `counter/${nth % 50}`, by: 1, id, ...this.#pad })];
  }
}

export async function check(client: Ledger, loads: readonly Load[]): Promise<void> {
  const dump = (await client.execute('dump')) as Dump;
  checkLedger(
    dump,
    loads.flatMap((load) => load.acknowledged),
  );
}
