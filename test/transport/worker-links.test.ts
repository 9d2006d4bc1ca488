import { once } from 'node:events';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { closed, connectTo } from './peers.js';

const linksUrl = new URL('../../dist/src/transport/peers/open-peer-links.js', import.meta.url).href;

/** Runs from the built package, as each group's worker does. Tells its port, then the first message's length. */
const SOURCE = `
  const { parentPort, workerData: replica } = require('node:worker_threads');
  void (async () => {
    const { openPeerLinks } = await import(${JSON.stringify(linksUrl)});
    const identity = { cluster: 'c', service: 's', epoch: 0, group: 1, replica };
    const links = await openPeerLinks(
      { identity, secret: 'sixteen characters', host: '127.0.0.1', port: 0, problem() {} },
      {
        message: (from, bytes) => parentPort.postMessage(bytes.length),
        up: (peer) => links.send(peer, [new Uint8Array(replica * 100000)]),
        down() {},
      },
    );
    parentPort.postMessage(links.port);
    parentPort.on('message', (peers) => {
      if (peers !== null) return links.setPeers(peers);
      for (let i = 0; i < 50; i++) links.send(3 - replica, [new Uint8Array(1000000)]);
      links.close().then(() => parentPort.close());
    });
  })();
`;

it('worker threads that closed their links end cleanly, whoever is connected and whatever is under way', async () => {
  const workers = [1, 2].map((workerData) => new Worker(SOURCE, { eval: true, workerData }));
  const [ports] = [await Promise.all(workers.map((worker) => once(worker, 'message') as Promise<[number]>))];
  const peers = ports.map(([port], i) => ({ id: i + 1, host: '127.0.0.1', port }));
  const heard = Promise.all(workers.map((worker) => once(worker, 'message')));
  for (const worker of workers) worker.postMessage([...peers, { id: 3, host: '127.0.0.1', port: 1 }]);
  expect((await heard).map(([bytes]) => bytes as number)).toEqual([200_000, 100_000]);
  const port = ports[0]?.[0] ?? 0;
  const stranger = await connectTo(port);
  const bare = connect(port, '127.0.0.1');
  bare.on('error', () => undefined);
  await once(bare, 'connect');
  const ends = workers.map((worker) => once(worker, 'exit'));
  for (const worker of workers) worker.postMessage(null);
  expect(await Promise.all(ends)).toEqual([[0], [0]]);
  await closed(stranger);
  bare.destroy();
});
