/** Both implementations of `Listen`, and clients as plain as they come. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Connection, EndpointHandlers, EndpointOptions, Listen } from '../../src/transport/endpoint.js';
import { nativeModule } from '../../src/transport/native-module.js';
import { listenWithUws } from '../../src/transport/uws-endpoint.js';
import { listenWithWs } from '../../src/transport/ws-endpoint.js';

const native = nativeModule();

export const IMPLEMENTATIONS: readonly (readonly [name: string, listen: Listen])[] = [
  ['ws', listenWithWs],
  ...(native.module === null ? [] : [['uWebSockets.js', listenWithUws(native.module)] as const]),
];

export const OPTIONS: EndpointOptions = {
  host: '127.0.0.1',
  port: 0,
  frameBytesMax: 4_194_304,
  unreadBytesMax: 1_048_576,
  connectionsMax: 5_000,
};

/** Sends back what it gets; remembers who is there. */
export class Echo implements EndpointHandlers {
  readonly connections = new Map<number, Connection>();
  readonly #closing = new Map<number, (() => void)[]>();

  open(connection: Connection): void {
    this.connections.set(connection.id, connection);
  }

  message(connection: Connection, message: Uint8Array): void {
    connection.send(Uint8Array.from(message));
  }

  close(connection: Connection): void {
    this.connections.delete(connection.id);
    for (const tell of this.#closing.get(connection.id) ?? []) tell();
  }

  /** The only connection. */
  get only(): Connection {
    const [connection] = this.connections.values();
    if (connection === undefined || this.connections.size !== 1)
      throw new Error(`${this.connections.size} connections`);
    return connection;
  }

  gone(connection: Connection): Promise<void> {
    if (!this.connections.has(connection.id)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#closing.set(connection.id, [...(this.#closing.get(connection.id) ?? []), resolve]);
    });
  }
}

export async function connectTo(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await once(socket, 'open');
  return socket;
}

export async function nextMessage(socket: WebSocket): Promise<Uint8Array> {
  const [data] = (await once(socket, 'message')) as [unknown];
  if (!(data instanceof Uint8Array)) throw new Error('not a binary message');
  return new Uint8Array(data);
}

export async function closed(socket: WebSocket): Promise<void> {
  if (socket.readyState !== WebSocket.CLOSED) await once(socket, 'close');
}
