/**
 * What one link between two replicas carries on this machine: two threads, one group, messages in one direction, as many
 * under way as the link takes. In rounds, small and large messages taking turns.
 *
 *   npx tsc -p tsconfig.build.json && node dist/bench/micro/peer-links.js [rounds] [MiB per round] [messages per turn]
 */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { openPeerLinks, type ListeningPeerLinks } from '../../src/transport/peers/open-peer-links.js';
import type { PeerLinkHandlers } from '../../src/transport/peer-links.js';

const MESSAGE_BYTES = [1024, 65_536];
const HOST = '127.0.0.1';

function open(replica: number, handlers: Partial<PeerLinkHandlers>): Promise<ListeningPeerLinks> {
  const nothing = (): void => undefined;
  return openPeerLinks(
    {
      identity: { cluster: 'bench', service: 'bench', epoch: 0, group: 1, replica },
      secret: 'known to the two of them',
      host: HOST,
      port: 0,
      problem: ({ message }) => process.stderr.write(`${message}\n`),
    },
    { message: nothing, up: nothing, down: nothing, ...handlers },
  );
}

/** The receiving thread: tells its port, then after each round how many messages came. */
async function receive(port: NonNullable<typeof parentPort>, rounds: readonly number[]): Promise<void> {
  let round = 0;
  let received = 0;
  const links = await open(2, {
    message: () => {
      if (++received < (rounds[round] ?? 0)) return;
      received = 0;
      round++;
      port.postMessage('received');
    },
  });
  port.postMessage(links.port);
  await once(port, 'message');
  await links.close();
  port.close();
}

/** Sends `count` messages, `perTurn` in each turn of the event loop; waits a turn where the link is full. */
async function sendAll(links: ListeningPeerLinks, count: number, bytes: number, perTurn: number): Promise<void> {
  const pieces = [new Uint8Array(40), new Uint8Array(bytes - 40).fill(7)];
  for (let sent = 0; sent < count;) {
    for (let i = 0; i < perTurn && sent < count && links.unsentBytes(2) < 8_388_608; i++)
      if (links.send(2, pieces)) sent++;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function measure(roundCount: number, mebibytes: number, perTurn: number): Promise<void> {
  const plan = Array.from({ length: roundCount * MESSAGE_BYTES.length }, (_, i) => {
    const bytes = MESSAGE_BYTES[i % MESSAGE_BYTES.length] ?? 0;
    return { bytes, count: Math.ceil((mebibytes * 1_048_576) / bytes) };
  });
  const worker = new Worker(new URL(import.meta.url), { workerData: plan.map(({ count }) => count) });
  const [port] = (await once(worker, 'message')) as [number];
  const links = await new Promise<ListeningPeerLinks>((resolve, reject) => {
    const opening = open(1, { up: () => void opening.then(resolve) });
    opening.then((opened) => opened.setPeers([{ id: 2, host: HOST, port }]), reject);
  });
  const figures = new Map<number, number[]>();
  for (const { bytes, count } of plan) {
    const start = performance.now();
    const received = once(worker, 'message');
    await sendAll(links, count, bytes, perTurn);
    await received;
    figures.set(bytes, [...(figures.get(bytes) ?? []), (count * 1000) / (performance.now() - start)]);
  }
  worker.postMessage('end');
  await Promise.all([once(worker, 'exit'), links.close()]);
  for (const [bytes, rates] of figures) process.stdout.write(`${describe(bytes, rates)}\n`);
}

function describe(bytes: number, rates: readonly number[]): string {
  const sorted = [...rates].sort((a, b) => a - b);
  const at = (place: number): number => sorted[place] ?? NaN;
  const [low, middle, high] = [at(0), at(sorted.length >> 1), at(sorted.length - 1)];
  const megabytes = (rate: number): string => ((rate * bytes) / 1e6).toFixed(0);
  return (
    `${String(bytes).padStart(6)} B: ${middle.toFixed(0)} messages/s (${low.toFixed(0)}-${high.toFixed(0)}), ` +
    `${megabytes(middle)} MB/s (${megabytes(low)}-${megabytes(high)})`
  );
}

if (isMainThread || parentPort === null) {
  const [rounds = 7, mebibytes = 256, perTurn = 64] = process.argv.slice(2).map(Number);
  await measure(rounds, mebibytes, perTurn);
} else {
  await receive(parentPort, workerData as number[]);
}
