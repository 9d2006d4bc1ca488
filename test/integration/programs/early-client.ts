/** A thread that says HELLO to a server again and again, from before it listens until it is welcomed. */
import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { WebSocket } from 'ws';
import { FrameKind } from '../../../src/transport/frames.js';
import { decodeGoodbye, encodeHello } from '../../../src/transport/handshake.js';

export interface EarlyClientTask {
  readonly port: number;
}

const { port } = workerData as EarlyClientTask;
const answers: string[] = [];

/** What one connection was answered; null: there was none. */
async function hello(): Promise<string | null> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  try {
    await once(socket, 'open');
    socket.send(encodeHello({ protocol: 2, service: null, token: null, session: null }));
    const [message] = (await once(socket, 'message')) as [Buffer];
    return message[0] === FrameKind.welcome ? 'welcome' : decodeGoodbye(new Uint8Array(message)).code;
  } catch {
    return null;
  } finally {
    socket.terminate();
  }
}

while (answers.at(-1) !== 'welcome') {
  const answer = await hello();
  if (answer !== null) answers.push(answer);
}
parentPort?.postMessage(answers);
