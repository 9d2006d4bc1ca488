/** Says HELLO with the session of whoever sends commands to a server, as a second process with a copy of it would. */
import { WebSocket } from 'ws';
import { PROTOCOL_VERSION } from '../../src/transport/frames.js';
import { encodeHello } from '../../src/transport/handshake.js';
import type { StubServer } from './stub-server.js';

export class SessionThief {
  readonly #server: StubServer;
  readonly #sockets: WebSocket[] = [];
  #done = false;

  constructor(server: StubServer) {
    this.#server = server;
  }

  /** Each time that another frame has come; never resolves. */
  async stealUntil(ended: Promise<unknown>): Promise<never> {
    ended.catch(() => undefined).finally(() => (this.#done = true));
    let seen = this.#server.frames.length - 1;
    while (!this.#done) {
      await new Promise((resolve) => setImmediate(resolve));
      const newest = this.#server.frames[seen];
      if (newest === undefined) continue;
      seen = this.#server.frames.length;
      const port = this.#server.endpoints[newest.group]?.[1] ?? 0;
      const socket = new WebSocket(`ws://127.0.0.1:${port}`);
      this.#sockets.push(socket);
      socket.on('error', () => undefined);
      const { session } = newest.frame;
      socket.on('open', () =>
        socket.send(encodeHello({ protocol: PROTOCOL_VERSION, service: 'bank', token: null, session })),
      );
    }
    return new Promise(() => undefined);
  }

  close(): void {
    this.#done = true;
    for (const socket of this.#sockets) socket.terminate();
  }
}
