import { describe, expect, it } from 'vitest';
import { checkLedger, type Dump } from '../integration/ledger-check.js';
import type { ReplicaGroup, ReplicaView } from '../integration/replicas.js';
import type { FarClient } from './far-client.js';
import { type GroupLoad, streamLoad, transferLoad } from './group-load.js';
import { HostCluster, interfaceOf, preferred, REPLICAS } from './host-cluster.js';
import { namespacesMissing } from './namespaces.js';

const missing = namespacesMissing();
if (missing !== null) process.stderr.write(`test/nemesis/hosts.test.ts is skipped: ${missing}\n`);

const STREAMS = 3;
const LIMIT = { timeout: 20_000 };

async function moreOf(loads: readonly GroupLoad[], count: number): Promise<void> {
  const before = loads.map((load) => load.acknowledged.length);
  await expect.poll(() => Math.min(...loads.map((load, at) => load.acknowledged.length - (before[at] ?? 0))), LIMIT).toBeGreaterThan(count);
}

async function stop(loads: readonly GroupLoad[]): Promise<void> {
  await Promise.all(loads.map((load) => load.stop()));
  for (const load of loads) expect(load.failed).toEqual([]);
}

async function checkAll(client: FarClient, loads: readonly GroupLoad[]): Promise<void> {
  const dump = (await client.execute('dump')) as Dump;
  checkLedger(
    dump,
    loads.flatMap((load) => load.acknowledged),
  );
}

function termsOf(view: ReplicaView, which: (group: number) => boolean): Pick<ReplicaGroup, 'group' | 'leader' | 'term'>[] {
  return view.groups.filter(({ group }) => which(group)).map(({ group, leader, term }) => ({ group, leader, term }));
}

describe.skipIf(missing !== null)('three replicas on hosts with two interfaces each', () => {
  it('send what belongs to a stream over the interface of that stream', async () => {
    const cluster = await HostCluster.start(STREAMS);
    const client = await cluster.connect('one');
    for (const stream of [1, 2]) {
      const [used, idle] = [interfaceOf(stream), 1 - interfaceOf(stream)];
      const bytes = (network: number): number[] =>
        [1, 2, 3].map((replica) => {
          const { sent, received } = cluster.host(replica).bytes(network);
          return replica === preferred(stream) ? sent : received;
        });
      const before = [bytes(used), bytes(idle)];
      const load = streamLoad(client, stream, STREAMS, 'bytes', 20_000);
      await moreOf([load], 50);
      await stop([load]);
      const grown = [bytes(used), bytes(idle)].map((now, at) => now.map((each, replica) => each - (before[at]?.[replica] ?? 0)));
      process.stderr.write(JSON.stringify(grown) + '\n');
    }
  });

  it('lose with one interface of a host the leaders of its streams alone', async () => {
    const cluster = await HostCluster.start(STREAMS);
    const client = await cluster.connect('one', {});
    const loads = Array.from({ length: STREAMS }, (_, at) => streamLoad(client, at + 1, STREAMS, 'lost'));
    await moreOf(loads, 50);
    const before = await cluster.view(2);
    for (const load of loads) load.takeLongestMs();
    const t0 = performance.now();
    cluster.host(1).linkDown(1);
    await cluster.replicas.until('stream 3 has another leader', ([, view]) => ![0, 1].includes(view?.groups[3]?.leader ?? 0));
    process.stderr.write(`elected ${performance.now() - t0}\n`);
    await moreOf(loads, 50);
    process.stderr.write(`all go on ${performance.now() - t0} ${JSON.stringify(loads.map((l) => l.takeLongestMs()))}\n`);
    const cross = transferLoad(client, STREAMS, 'cross');
    await moreOf([cross], 10);
    process.stderr.write(`cross go on ${performance.now() - t0}\n`);
    cluster.host(1).linkUp(1);
    const t1 = performance.now();
    await cluster.replicas.until('stream 3 is led by 1', ([, view]) => view?.groups[3]?.leader === 1);
    process.stderr.write(`back ${performance.now() - t1}\n`);
    await stop([...loads, cross]);
    process.stderr.write(JSON.stringify(termsOf(before, () => true)) + '\n');
    process.stderr.write(JSON.stringify(termsOf(await cluster.view(2), () => true)) + '\n');
    await checkAll(client, [...loads, cross]);
    await cluster.agreed();
  });
});
