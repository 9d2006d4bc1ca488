import { once } from 'node:events';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { closed, connectTo, nextMessage } from './peers.js';

const listenUrl = new URL('../../dist/src/transport/listen.js', import.meta.url).href;

/** Runs from the built package, as each group's worker does: listens, says where, closes when told to, and ends. */
const SOURCE = `
  const { parentPort } = require('node:worker_threads');
  void (async () => {
    const { listen } = await import(${JSON.stringify(listenUrl)});
    const limits = { frameBytesMax: 1000000, unreadBytesMax: 1000000, connectionsMax: 1000 };
    const endpoint = await listen({ host: '127.0.0.1', port: 0, ...limits }, {
      open() {},
      message(connection, message) { for (let i = 0; i < 20; i++) connection.send(Uint8Array.from(message)); },
      close() {},
    });
    parentPort.postMessage(endpoint.port);
    parentPort.once('message', () => endpoint.close().then(() => parentPort.close()));
  })();
`;

it('a worker thread that closed its endpoint ends cleanly, whoever is still connected', async () => {
  const worker = new Worker(SOURCE, { eval: true });
  const [port] = (await once(worker, 'message')) as [number];
  const idle = await connectTo(port);
  const busy = await connectTo(port);
  busy.send(new Uint8Array(100_000));
  await nextMessage(busy);
  busy.pause();
  const bare = connect(port, '127.0.0.1');
  bare.on('error', () => undefined);
  await once(bare, 'connect');
  const ended = once(worker, 'exit');
  worker.postMessage('close');
  expect(await ended).toEqual([0]);
  busy.terminate();
  await Promise.all([closed(idle), closed(busy)]);
  bare.destroy();
});
