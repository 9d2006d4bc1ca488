import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Client } from '../../src/client/client.js';
import { connect, type ConnectOptions } from '../../src/client/connect.js';
import { bank } from './bank.js';
import { SessionThief } from './session-thief.js';
import { startReplicas, type StubServer } from './stub-server.js';

type Bank = typeof bank;

/** Accepts connections and never says a word, as a stopped process does. */
async function startMute(): Promise<{ readonly url: string; close(): void }> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `ws://127.0.0.1:${port}`,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function urlOf(server: StubServer): string {
  return `ws://127.0.0.1:${server.endpoints[0]?.[1] ?? 0}`;
}

describe('a client of three replicas', () => {
  const open: { close(): unknown }[] = [];
  let servers: [StubServer, StubServer, StubServer];

  beforeEach(async () => {
    const [one, two, three] = await startReplicas(3);
    if (one === undefined || two === undefined || three === undefined) throw new Error('three were asked for');
    servers = [one, two, three];
    for (const server of servers) open.push({ close: () => server.stop() });
  });

  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close();
  });

  async function connectTo(options: Partial<ConnectOptions<Bank>> = {}): Promise<Client<Bank>> {
    const client = await connect<Bank>({ replicas: servers.map(urlOf), service: bank, ...options });
    open.push(client);
    return client;
  }

  /** Replicas that have had COMMANDS, in the order of their numbers. */
  function visited(): number[] {
    return servers.filter(({ frames }) => frames.length > 0).map(({ replica }) => replica);
  }

  function lead(replica: number): void {
    for (const server of servers) server.leaders = server.leaders.map(() => replica);
  }

  it('goes to the leader that it is told of, whomever it asks', async () => {
    lead(3);
    for (const server of servers) {
      const client = await connectTo({ replicas: [urlOf(server)] });
      expect(await client.execute('deposit', { account: 'a', amount: 1 })).toMatchObject({ name: 'deposit' });
    }
    expect(visited()).toEqual([3]);
  });

  it('sends each group to its own leader', async () => {
    for (const server of servers) server.leaders = [1, 2, 3, 1];
    const client = await connectTo();
    const accounts = Array.from({ length: 60 }, (_, i) => `account ${i}`);
    await client.executeBatch(accounts.map((account) => ['deposit', { account, amount: 1 }] as const));
    await client.execute('total');
    const groups = servers.map(({ frames }) => [...new Set(frames.map(({ group }) => group))].sort());
    expect(groups).toEqual([[0, 3], [1], [2]]);
  });

  it('connects where replicas are dead or hang, without waiting for them', async () => {
    const mute = await startMute();
    open.push(mute);
    const begin = performance.now();
    for (const gone of ['ws://127.0.0.1:1', mute.url]) {
      const client = await connectTo({ replicas: [gone, mute.url, urlOf(servers[1])] });
      expect(await client.execute('deposit', { account: 'a', amount: 1 })).toMatchObject({ name: 'deposit' });
    }
    expect(performance.now() - begin).toBeLessThan(4_000);
  });

  it('says of each replica why it could not connect, where none answers in time', async () => {
    const mute = await startMute();
    open.push(mute);
    const replicas = [mute.url, 'ws://127.0.0.1:1'];
    await expect(connectTo({ replicas, connectTimeoutMs: 300 })).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringMatching(/no answer within 300 ms.*ECONNREFUSED/s) as unknown,
    });
  });

  it.each(['rejected', 'goodbye'] as const)('follows a hint that comes as %s', async (refusal) => {
    const client = await connectTo();
    await client.execute('deposit', { account: 'a', amount: 1 });
    lead(2);
    servers[0].refusal = refusal;
    expect(await client.execute('deposit', { account: 'a', amount: 2 })).toMatchObject({ name: 'deposit' });
    expect(visited()).toEqual([1, 2]);
    const [first, again] = [servers[0].frames.at(-1)?.frame, servers[1].frames.at(-1)?.frame];
    expect(again?.firstSequence).toBe(first?.firstSequence);
  });

  it.each(['rejected', 'goodbye'] as const)(
    'asks around where there is no hint, or a wrong one (%s)',
    async (refusal) => {
      const client = await connectTo();
      await client.execute('deposit', { account: 'a', amount: 1 });
      servers[0].refusal = refusal;
      for (const hint of [0, 2, 9]) {
        servers[0].hint = hint;
        lead(3);
        expect(await client.execute('deposit', { account: 'a', amount: 2 })).toMatchObject({ name: 'deposit' });
        lead(1);
        expect(await client.execute('deposit', { account: 'a', amount: 3 })).toMatchObject({ name: 'deposit' });
      }
      expect(visited()).toEqual([1, 3]);
    },
  );

  it('goes from a leader that is gone to its successor', async () => {
    const client = await connectTo();
    await client.execute('deposit', { account: 'a', amount: 1 });
    await servers[0].stop();
    const during = client.execute('deposit', { account: 'a', amount: 2 });
    setTimeout(() => lead(2), 200);
    expect(await during).toMatchObject({ name: 'deposit' });
  });

  it('goes from a leader that says nothing any more to its successor, and stays where there is none', async () => {
    const client = await connectTo({ limits: { silenceMs: 50 } });
    await client.execute('deposit', { account: 'a', amount: 1 });
    servers[0].answering = false;
    servers[0].leadersTold = servers[0].leaders;
    const during = client.execute('deposit', { account: 'a', amount: 2 });
    setTimeout(() => lead(2), 300);
    expect(await during).toMatchObject({ name: 'deposit' });
    expect(visited()).toEqual([1, 2]);
    expect(servers[0].frames).toHaveLength(2);
  });

  it('reads anywhere where it may, and writes at the leader', async () => {
    // Which one a client reads from is drawn at random.
    for (let i = 0; i < 200 && visited().length < 3; i++) {
      const client = await connectTo({ reads: 'any' });
      await client.execute('deposit', { account: 'a', amount: 1 });
      expect(await client.execute('balance', { account: 'a' })).toMatchObject({ name: 'balance' });
      expect(await client.execute('total')).toEqual({ group: 0, name: 'total' });
    }
    expect(visited()).toEqual([1, 2, 3]);
    const elsewhere = servers.slice(1).flatMap(({ frames }) => frames);
    for (const { frame, group } of elsewhere) expect([frame.flags, group > 0]).toEqual([1, true]);
  });

  it('gives up a session that somebody else uses too, and says that outcomes are unknown', async () => {
    const client = await connectTo({ requestTimeoutMs: 5_000 });
    await client.execute('deposit', { account: 'a', amount: 1 });
    const [server] = servers;
    server.answering = false;
    const during = client.execute('deposit', { account: 'a', amount: 2 });
    const thief = new SessionThief(server);
    open.push(thief);
    await expect(Promise.race([during, thief.stealUntil(during)])).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      message: expect.stringContaining('another connection took it') as unknown,
    });
    server.answering = true;
    expect(await client.execute('deposit', { account: 'a', amount: 3 })).toMatchObject({ name: 'deposit' });
  });
});
