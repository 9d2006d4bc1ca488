/**
 * Two programs in one. `{ listen: address }`: a server that sends back what it gets; its first line is its port. `{ connect:
 * address, port }`: a client; each line that it is told goes to the server, and each that comes back is said.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';

export interface EchoOptions {
  readonly listen?: string;
  readonly connect?: string;
  readonly port?: number;
}

const { listen, port = 0, ...options } = JSON.parse(process.argv[2] ?? '') as EchoOptions;
if (listen !== undefined) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  }).listen(port, listen);
  await once(server, 'listening');
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
} else {
  const socket = connect(port, options.connect ?? '');
  socket.on('error', (error) => process.stdout.write(`error ${error.message}\n`));
  socket.on('connect', () => process.stdout.write('connected\n'));
  createInterface({ input: socket }).on('line', (line) => process.stdout.write(`${line}\n`));
  createInterface({ input: process.stdin }).on('line', (line) => socket.write(`${line}\n`));
}
