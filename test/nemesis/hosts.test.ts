import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { checkLedger, type Dump } from '../integration/ledger-check.js';
import type { ReplicaGroup } from '../integration/replicas.js';
import type { Record } from '../integration/services/ledger.js';
import type { FarClient } from './far-client.js';
import { type GroupLoad, StreamLoad, transferLoad } from './group-load.js';
import { HostCluster, interfaceOf, preferred } from './host-cluster.js';
import { namespacesMissing } from './namespaces.js';

const missing = namespacesMissing();
if (missing !== null) process.stderr.write(`test/nemesis/hosts.test.ts is skipped: ${missing}\n`);

const STREAMS = 3;

const LIMIT = { timeout: 20_000 };

/** Reads what a load counts, again and again. */
class Reads {
  answered = 0;
  refused = 0;
  /** What should have been seen at least, and what was. */
  readonly stale: [number, number][] = [];
  readonly #done: Promise<void>;
  #going = true;

  constructor(client: FarClient, load: StreamLoad) {
    this.#done = this.#run(client, load);
  }

  stop(): Promise<void> {
    this.#going = false;
    return this.#done;
  }

  async #run(client: FarClient, { key, acknowledged }: StreamLoad): Promise<void> {
    while (this.#going) {
      const known = acknowledged.length;
      try {
        const { amount } = (await client.execute('read', { key })) as Record;
        this.answered++;
        if (amount < known) this.stale.push([known, amount]);
      } catch {
        this.refused++;
      }
    }
  }
}

type Reign = Pick<ReplicaGroup, 'group' | 'leader' | 'term'>;

describe.skipIf(missing !== null)('three replicas on hosts with two interfaces each', () => {
  let cluster: HostCluster;
  let client: FarClient;
  beforeAll(async () => {
    cluster = await HostCluster.start(STREAMS);
    client = await cluster.connect('everywhere');
  }, 120_000);
  afterEach(() => cluster.heal());
  afterAll(() => cluster.close());

  /** One load per stream, after some commands of each. */
  async function loadAll(name: string): Promise<StreamLoad[]> {
    const loads = Array.from(
      { length: STREAMS },
      (_, at) => new StreamLoad(client, { stream: at + 1, streams: STREAMS, name }),
    );
    await Promise.all(loads.map((load) => load.more(20)));
    return loads;
  }

  /** What was acknowledged is there, once. */
  async function finish(loads: readonly GroupLoad[]): Promise<void> {
    await Promise.all(loads.map((load) => load.stop()));
    const dump = (await client.execute('dump')) as Dump;
    checkLedger(
      dump,
      loads.flatMap((load) => load.acknowledged),
    );
  }

  async function reigns(seenBy: number): Promise<Reign[]> {
    const { groups } = await cluster.view(seenBy);
    return groups.map(({ group, leader, term }) => ({ group, leader, term }));
  }

  /** A majority, seen from one of it, has other leaders for these groups. */
  function ledByOthers(groups: readonly number[], seenBy: number, than: number): Promise<void> {
    return cluster.replicas.until(`groups ${groups.join(', ')} have other leaders`, (views) => {
      const view = views[seenBy - 1];
      return groups.every((group) => ![undefined, 0, than].includes(view?.groups[group]?.leader));
    });
  }

  it('send what belongs to a stream over the interface of that stream', async () => {
    await cluster.ledAsPreferred();
    for (const stream of [1, 2]) {
      /** Leaders send it, followers get it. */
      const bytes = (network: number): number[] =>
        [1, 2, 3].map((replica) => {
          const { sent, received } = cluster.host(replica).bytes(network);
          return replica === preferred(stream) ? sent : received;
        });
      const [used, idle] = [interfaceOf(stream), 1 - interfaceOf(stream)];
      const before = { used: bytes(used), idle: bytes(idle) };
      const load = new StreamLoad(client, { stream, streams: STREAMS, name: 'bytes', pad: 40_000 });
      await load.more(50);
      const grown = (now: number[], then: number[]): number[] => now.map((count, at) => count - (then[at] ?? 0));
      expect(Math.min(...grown(bytes(used), before.used))).toBeGreaterThan(2_000_000);
      expect(Math.max(...grown(bytes(idle), before.idle))).toBeLessThan(200_000);
      await load.stop();
    }
  });

  it('lose with one interface of a host the leaders of its groups alone, and have them back with it', async () => {
    await cluster.ledAsPreferred();
    // Replica 1 leads group 0 over its first interface, and stream 3 over its second.
    const loads = await loadAll('link');
    const before = await reigns(2);
    const counts = loads.map((load) => load.acknowledged.length);
    cluster.host(1).linkDown(interfaceOf(3));
    await ledByOthers([3], 2, 1);
    // What has nothing to do with it did not wait.
    for (const stream of [1, 2])
      expect(loads[stream - 1]?.acknowledged.length).toBeGreaterThan((counts[stream - 1] ?? 0) + 5);
    await Promise.all(loads.map((load) => load.more(20)));
    expect((await reigns(2)).slice(0, 3)).toEqual(before.slice(0, 3));
    cluster.heal();
    await cluster.ledAsPreferred();
    expect((await reigns(2)).slice(0, 3)).toEqual(before.slice(0, 3));
    await finish(loads);
  });

  it('go on with commands of several streams while one is cut off at the leader of group 0', async () => {
    await cluster.ledAsPreferred();
    const load = transferLoad(client, STREAMS, 'cross');
    await load.more(5);
    cluster.host(1).linkDown(interfaceOf(3));
    // Replica 1 hears nothing of streams 1 and 3 any more, and cannot execute what touches them.
    await ledByOthers([0, 3], 2, 1);
    await load.more(20);
    cluster.heal();
    await finish([load]);
  });

  it('serve no stale read at the one that is cut off from the others, which go on', async () => {
    const away = await cluster.replicas.leaderOf(1);
    const other = (away % 3) + 1;
    const loads = [...(await loadAll('cut')), transferLoad(client, STREAMS, 'cut')];
    const [counted] = loads;
    if (!(counted instanceof StreamLoad)) throw new Error('no load of stream 1');
    const lonely = await cluster.connectTo(away, { reads: 'any', requestTimeoutMs: 1000 });
    const reads = new Reads(lonely, counted);
    await expect.poll(() => reads.answered).toBeGreaterThan(0);
    const led = (await reigns(away)).filter(({ leader }) => leader === away).map(({ group }) => group);

    for (const replica of [1, 2, 3]) if (replica !== away) cluster.cut(away, replica);
    await ledByOthers(led, other, away);
    await Promise.all(loads.map((load) => load.more(20)));
    const { answered, refused } = reads;
    await expect.poll(() => reads.refused, LIMIT).toBeGreaterThan(refused + 1);
    expect(reads.answered).toBe(answered);

    cluster.heal();
    await expect.poll(() => reads.answered, LIMIT).toBeGreaterThan(answered);
    await reads.stop();
    expect(reads.stale).toEqual([]);
    await finish(loads);
    await cluster.agreed();
  });

  it('go on where two do not reach each other and the third reaches both', async () => {
    const loads = await loadAll('triangle');
    const [one, two] = [await cluster.replicas.leaderOf(1), await cluster.replicas.leaderOf(2)];
    cluster.cut(one, one === two ? (one % 3) + 1 : two);
    const before = await reigns(one);
    await Promise.all(loads.map((load) => load.more(50)));
    // A leader with a majority keeps it, whoever else is out of its reach; unless it keeps it for another, who is back.
    const after = await reigns(one);
    const kept = before.filter(({ group, leader }) => leader === one && after[group]?.leader !== preferred(group));
    const home = before.filter(({ group, leader }) => leader === one && leader === preferred(group));
    for (const reign of [...kept, ...home]) expect(after[reign.group]).toEqual(reign);
    const transfers = transferLoad(client, STREAMS, 'triangle');
    await transfers.more(20);
    cluster.heal();
    await finish([...loads, transfers]);
    await cluster.agreed();
  });
});
