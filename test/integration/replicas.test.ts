import { describe, expect, it } from 'vitest';
import { connect, type Client } from 'psmr';
import { checkLedger, type Dump } from './ledger-check.js';
import { Replicas } from './replicas.js';
import { serviceUrl } from './compiled.js';
import type ledger from './services/ledger.js';

type Ledger = Client<typeof ledger>;

async function ledgerOf(replicas: Replicas): Promise<Ledger> {
  const { default: service } = (await import(serviceUrl('ledger').href)) as { default: typeof ledger };
  return connect({ replicas: replicas.urls, service });
}

/** Sends commands of every kind until told to stop; what was acknowledged, and what was not. */
class Load {
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

async function check(client: Ledger, loads: readonly Load[]): Promise<void> {
  const dump = (await client.execute('dump')) as Dump;
  checkLedger(
    dump,
    loads.flatMap((load) => load.acknowledged),
  );
}

describe('three replicas', () => {
  it(
    'survive the kill of any one of them under load, and the killed one catches up',
    { timeout: 120_000 },
    async () => {
      const replicas = await Replicas.start({ streams: 2 });
      const client = await ledgerOf(replicas);
      const loads: Load[] = [];
      for (const group of [0, 1, 2]) {
        const load = new Load(client, `round${group}`);
        loads.push(load);
        const leader = await replicas.leaderOf(group);
        await replicas.kill(leader);
        const before = load.acknowledged.length;
        await expect.poll(() => load.acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(before + 200);
        await replicas.run(leader);
        await load.stop();
        expect(load.failed).toEqual([]);
      }
      await check(client, loads);
      await replicas.caughtUp();
      const { code, output } = await replicas.psmr('checkpoint');
      expect(output).toContain('checkpoint');
      expect(code).toBe(0);
      await replicas.until('all agree on the checkpoint', (views) =>
        views.every((view) => typeof view?.checkpoint === 'number' && view.lastAgreedCheckpoint === view.checkpoint),
      );
      await client.close();
    },
  );

  it('have everything that was acknowledged after all were killed at once', { timeout: 120_000 }, async () => {
    const replicas = await Replicas.start({ streams: 2 });
    const client = await ledgerOf(replicas);
    const load = new Load(client, 'before');
    await expect.poll(() => load.acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(500);
    await Promise.all(replicas.ids.map((id) => replicas.kill(id)));
    await Promise.all(replicas.ids.map((id) => replicas.run(id)));
    const seen = load.acknowledged.length;
    await expect.poll(() => load.acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(seen + 100);
    await load.stop();
    expect(load.failed).toEqual([]);
    await check(client, [load]);
    await client.close();
  });

  it('give their state to one that was away for too long', { timeout: 120_000 }, async () => {
    const replicas = await Replicas.start({ streams: 2, retainBytes: 0 });
    const client = await ledgerOf(replicas);
    const load = new Load(client, 'all', 10_000);
    const away = (await replicas.leaderOf(1)) === 1 ? 2 : 1;
    await replicas.kill(away);
    for (let round = 0; round < 3; round++) {
      const before = load.acknowledged.length;
      await expect.poll(() => load.acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(before + 300);
      await replicas.psmr('checkpoint');
    }
    await replicas.until('the logs begin later', (views) =>
      views.some((view) => view !== null && view.groups.some(({ firstIndex }) => firstIndex > 1)),
    );
    await replicas.run(away);
    await load.stop();
    expect(load.failed).toEqual([]);
    await replicas.caughtUp();
    await replicas.psmr('checkpoint');
    await replicas.until('all agree on the checkpoint', (views) =>
      views.every((view) => typeof view?.checkpoint === 'number' && view.lastAgreedCheckpoint === view.checkpoint),
    );
    await check(client, [load]);
    await client.close();
  });
});
