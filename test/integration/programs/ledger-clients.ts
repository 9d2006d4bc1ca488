/**
 * Runs the ledger service on a data directory until it is killed. First line: the state that it found, as JSON (whole if
 * a second line, 'found', follows). Then one line per acknowledged command: its kind and its id.
 */
import { Engine, type Client } from 'psmr';
import type ledger from '../services/ledger.js';

export interface LedgerOptions {
  readonly service: string;
  readonly dataDir: string;
  readonly streams: number;
  readonly durability: 'sync' | 'async';
  /** Makes ids unique across runs. */
  readonly round: number;
}

export const ACCOUNTS = 24;
const COUNTERS = 200;
const STAMPS = 12;

const { service, dataDir, streams, durability, round } = JSON.parse(process.argv[2] ?? '') as LedgerOptions;

/** Not with writeSync: starting worker threads makes stdout non-blocking, and a full pipe would then cut lines off. */
function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

type Ledger = Client<typeof ledger>;
type Act = (client: Ledger, id: string, nth: number) => Promise<unknown>;

/** Repeats one kind of command for ever, each with an id of its own, and says which were acknowledged. */
async function repeat(client: Ledger, kind: string, act: Act): Promise<void> {
  for (let nth = 0; ; nth++) {
    const id = `${kind}-${round}-${nth}`;
    await act(client, id, nth);
    say(`${kind} ${id}`);
  }
}

const engine = await Engine.start({
  service: new URL(service),
  dataDir,
  streams,
  durability,
  checkpoint: { everyBytes: 20_000 },
});
const client = engine.client<typeof ledger>();
say(JSON.stringify(await client.execute('dump')));
say('found');
for (let at = 0; at < STAMPS; at++)
  await client.execute('add', { key: `stamp/${at}`, by: 0, id: `seed-${round}-${at}` });

const add: Act = (one, id, nth) => one.execute('add', { key: `counter/${(nth * 7) % COUNTERS}`, by: 1, id });
const transfer: Act = (one, id, nth) =>
  one.execute('transfer', {
    from: `account/${nth % ACCOUNTS}`,
    to: `account/${(nth * 5 + 1) % ACCOUNTS}`,
    amount: 3,
    id,
  });
const stamp: Act = (one, id) => one.execute('stamp', { prefix: 'stamp/', id });
const checkpoint: Act = () => engine.checkpoint();

await Promise.all([
  repeat(engine.client(), 'add.a', add),
  repeat(engine.client(), 'add.b', add),
  repeat(client, 'add.c', add),
  repeat(client, 'transfer.a', transfer),
  repeat(engine.client(), 'transfer.b', transfer),
  repeat(client, 'stamp', stamp),
  repeat(client, 'checkpoint', checkpoint),
]);
