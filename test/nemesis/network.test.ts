import { execFileSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Child } from '../integration/child.js';
import { listNamespaces, namespacesMissing, removeStaleNamespaces } from './namespaces.js';
import { type Host, TestNetwork } from './network.js';

const missing = namespacesMissing();
if (missing !== null) process.stderr.write(`test/nemesis/network.test.ts is skipped: ${missing}\n`);

function makeNetwork(): TestNetwork {
  const network = new TestNetwork({ hosts: 3, networks: 2 });
  onTestFinished(() => network.close());
  return network;
}

/** A client on one host that has had one answer from a server on another, over one network. */
async function connected(
  from: Host,
  to: Host,
  network: number,
): Promise<{ client: Child; server: Child; port: number }> {
  const server = new Child('echo', { listen: to.address(network) }, to.within);
  const port = Number(await server.line());
  const client = new Child('echo', { connect: to.address(network), port }, from.within);
  onTestFinished(async () => {
    await Promise.all([client.kill(), server.kill()]);
  });
  expect(await client.line()).toBe('connected');
  expect(await ask(client, 'first')).toBe('first');
  return { client, server, port };
}

async function ask(client: Child, line: string): Promise<string | null> {
  client.say(line);
  return client.line();
}

/** What has happened after a while in which it could have: an answer, or none. */
async function answerWithin(answer: Promise<string | null>, ms: number): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const none = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), ms)));
  const first = await Promise.race([answer, none]);
  clearTimeout(timer);
  return first;
}

describe.skipIf(missing !== null)('hosts with two interfaces each', () => {
  it('reach each other over both, and counters say over which', async () => {
    const [a, b] = makeNetwork().hosts;
    if (a === undefined || b === undefined) throw new Error('no hosts');
    for (const [used, idle] of [[0, 1] as const, [1, 0] as const]) {
      const { client } = await connected(a, b, used);
      const before = { used: a.bytes(used), idle: a.bytes(idle), there: b.bytes(used) };
      expect(await ask(client, 'x'.repeat(10_000))).toHaveLength(10_000);
      expect(a.bytes(used).sent - before.used.sent).toBeGreaterThan(10_000);
      expect(a.bytes(used).received - before.used.received).toBeGreaterThan(10_000);
      expect(b.bytes(used).received - before.there.received).toBeGreaterThan(10_000);
      expect(a.bytes(idle).sent - before.idle.sent).toBeLessThan(1000);
    }
  });

  it('do not reach each other over a network of which one has no link, until it is back', async () => {
    const [a, b] = makeNetwork().hosts;
    if (a === undefined || b === undefined) throw new Error('no hosts');
    const [first, second] = [await connected(a, b, 0), await connected(a, b, 1)];
    b.linkDown(0);
    // From here on: an acknowledgement of what was said before may come until the link is down.
    const before = b.bytes(0).received;
    const answer = ask(first.client, 'lost');
    expect(await answerWithin(answer, 400)).toBeNull();
    expect(b.bytes(0).received).toBe(before);
    expect(await ask(second.client, 'still here')).toBe('still here');
    b.linkUp(0);
    // TCP has kept it, and sends it again.
    expect(await answer).toBe('lost');
  });

  it('can be cut off in one direction only, from one host only', async () => {
    const [a, b, c] = makeNetwork().hosts;
    if (a === undefined || b === undefined || c === undefined) throw new Error('no hosts');
    const { client } = await connected(a, b, 0);
    const third = await connected(c, b, 0);
    b.block(a, 0);
    const received = b.bytes(0).received;
    const answer = ask(client, 'x'.repeat(5000));
    expect(await answerWithin(answer, 400)).toBeNull();
    // It has come; its answer has not left.
    expect(b.bytes(0).received - received).toBeGreaterThan(5000);
    expect(await ask(third.client, 'not blocked')).toBe('not blocked');
    b.unblock(a, 0);
    b.unblock(a, 0);
    expect(await answer).toHaveLength(5000);
  });

  it('get no packets but those of programs', async () => {
    const { hosts } = makeNetwork();
    // The while in which a bridge that listens for multicast would say so (IGMPv3: one second).
    await pause(1500);
    expect(hosts.map((host) => host.bytes(0).received)).toEqual([0, 0, 0]);
  });

  it('heal at once', async () => {
    const network = makeNetwork();
    const [a, b] = network.hosts;
    if (a === undefined || b === undefined) throw new Error('no hosts');
    b.block(a, 0);
    a.block(b, 0);
    a.linkDown(0);
    network.heal();
    await connected(a, b, 0);
  });

  it('are gone when closed, and so is what ran there', async () => {
    const network = makeNetwork();
    const names = network.hosts.map((host) => host.namespace);
    expect(listNamespaces()).toEqual(expect.arrayContaining(names));
    const [a, b] = network.hosts;
    if (a === undefined || b === undefined) throw new Error('no hosts');
    const { server } = await connected(a, b, 0);
    network.close();
    expect(await server.exited).toMatchObject({ signal: 'SIGKILL' });
    expect(listNamespaces().filter((name) => names.includes(name))).toEqual([]);
  });

  it('of a run that has crashed are removed', () => {
    // A process that has ended for certain.
    const pid = Number(execFileSync('sh', ['-c', 'echo $$']).toString());
    const stale = `psmr-${pid}-1-h1`;
    execFileSync('ip', ['netns', 'add', stale]);
    const { hosts } = makeNetwork();
    removeStaleNamespaces();
    const names = listNamespaces();
    expect(names).not.toContain(stale);
    expect(names).toContain(hosts[0]?.namespace);
  });
});
