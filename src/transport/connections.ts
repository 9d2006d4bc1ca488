import type { Server, Socket } from 'node:net';

/**
 * Who is connected to a server: also those that have not begun with HTTP or TLS, of whom Node's HTTP servers know
 * nothing, and for whom they would wait when they close.
 */
export class Connections {
  readonly #sockets = new Set<Socket>();

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  cutOff(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
