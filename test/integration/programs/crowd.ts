/**
 * Opens many connections to a server, each a session of its own. First line: how many were welcomed. At a line of
 * input each sends one command, and a second line says how many were answered.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';
import { PartitionMap } from '../../../src/classifier/partition-map.js';
import { encodeCommandBatch } from '../../../src/execution/command-batch.js';
import { encodeCommandsFrame } from '../../../src/transport/frames.js';
import { decodeWelcome, encodeHello } from '../../../src/transport/handshake.js';

export interface CrowdOptions {
  readonly ports: readonly number[];
  readonly connections: number;
}

/** Connections that are being opened at a time. */
const AT_ONCE = 200;

const { ports, connections } = JSON.parse(process.argv[2] ?? '') as CrowdOptions;

interface Member {
  readonly socket: WebSocket;
  readonly frame: Uint8Array;
}

async function join(port: number): Promise<Member> {
  const session = randomBytes(16);
  session.writeUIntBE(Date.now(), 0, 6);
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await once(socket, 'open');
  const welcomed = once(socket, 'message');
  socket.send(encodeHello({ protocol: 2, service: 'ledger', token: null, session }));
  const [message] = (await welcomed) as [Buffer];
  const { group, partitionMap } = decodeWelcome(new Uint8Array(message));
  const low = group === 0 ? 3 : 1 << (group - 1);
  const body = encodeCommandBatch(['count'], [0], [{ keys: [] }]);
  const { epoch } = PartitionMap.fromJson(partitionMap);
  const segments = [{ low, high: 0, flags: 0, count: 1, body }];
  return {
    socket,
    frame: encodeCommandsFrame({ flags: 0, epoch, session, firstSequence: 1, acknowledged: 0, segments }),
  };
}

const members: Member[] = [];
while (members.length < connections) {
  const batch = Math.min(AT_ONCE, connections - members.length);
  const joining = Array.from({ length: batch }, (_, at) => join(ports[at % ports.length] ?? 0));
  members.push(...(await Promise.all(joining)));
}
process.stdout.write(`${JSON.stringify({ welcomed: members.length })}\n`);

await once(createInterface({ input: process.stdin }), 'line');
const answers = await Promise.all(
  members.map(async ({ socket, frame }) => {
    socket.send(frame);
    return once(socket, 'message');
  }),
);
process.stdout.write(`${JSON.stringify({ answered: answers.length })}\n`);
