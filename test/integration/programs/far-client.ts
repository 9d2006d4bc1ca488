/**
 * Clients of a cluster for a test that cannot reach it itself: it says what to do, one JSON object per line, and hears
 * what came of each by its number. `connect` makes a client of that name, `execute` uses it, `get` fetches a URL.
 */
import { createInterface } from 'node:readline';
import { type Client, connect, type ConnectOptions } from 'psmr';
import type ledger from '../services/ledger.js';

type Ledger = typeof ledger;

export interface FarRequest {
  readonly nth: number;
  readonly connect?: { readonly client: string; readonly options: Omit<ConnectOptions<Ledger>, 'service'> };
  readonly execute?: { readonly client: string; readonly command: string; readonly args: unknown };
  readonly get?: string;
}

export interface FarAnswer {
  readonly nth: number;
  readonly value?: unknown;
  readonly error?: string;
}

const { service: url } = JSON.parse(process.argv[2] ?? '') as { service: string };
const { default: service } = (await import(url)) as { default: Ledger };
const clients = new Map<string, Client<Ledger>>();

async function carryOut(request: FarRequest): Promise<unknown> {
  if (request.connect !== undefined) {
    clients.set(request.connect.client, await connect({ ...request.connect.options, service }));
  } else if (request.execute !== undefined) {
    const { client, command, args } = request.execute;
    return clients.get(client)?.execute(command as 'add', args as { key: string; by: number; id: string });
  } else if (request.get !== undefined) {
    return (await fetch(request.get, { signal: AbortSignal.timeout(2000) })).json();
  }
  return undefined;
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const request = JSON.parse(line) as FarRequest;
  const { nth } = request;
  const say = (answer: FarAnswer): boolean => process.stdout.write(`${JSON.stringify(answer)}\n`);
  carryOut(request).then(
    (value) => say({ nth, value }),
    (error: unknown) => say({ nth, error: String(error) }),
  );
});
