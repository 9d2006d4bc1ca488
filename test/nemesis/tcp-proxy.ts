/**
 * A bad network between TCP clients and a server: delays, stalls (what loss looks like above TCP), limits of throughput,
 * cut and half-closed connections; each direction on its own. What is delayed is bounded: then the sender has to wait.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { seededRandom } from '../seeded-random.js';
import { Lane, type Shape } from './proxy-lane.js';

export const DIRECTIONS = ['toServer', 'toClient'] as const;
export type Direction = (typeof DIRECTIONS)[number];

export interface ProxyOptions {
  readonly server: { readonly host: string; readonly port: number };
  /** Where the proxy listens; default 127.0.0.1 and a port of the system's choice. */
  readonly listen?: { readonly host: string; readonly port: number };
  /** Of the delays. */
  readonly seed?: number;
}

/** One client's connection, with its connection to the server. */
export class ProxiedConnection {
  readonly #sockets: readonly [client: Socket, server: Socket];
  readonly #lanes: Readonly<Record<Direction, Lane>>;
  readonly closed: Promise<unknown>;

  constructor(client: Socket, server: Socket, shapes: Readonly<Record<Direction, Shape>>, random: () => number) {
    this.#sockets = [client, server];
    this.#lanes = {
      toServer: new Lane(client, server, shapes.toServer, random),
      toClient: new Lane(server, client, shapes.toClient, random),
    };
    this.closed = Promise.all(this.#sockets.map(closing));
    for (const socket of this.#sockets) {
      // What one side breaks off is broken off on the other.
      socket.on('error', () => this.cut());
      socket.on('close', (hadError: boolean) => hadError && this.cut());
      socket.setNoDelay();
    }
  }

  shape(direction: Direction, shape: Partial<Shape>): void {
    this.#lanes[direction].shape(shape);
  }

  /** Ends one direction, as if its sender had; what is delayed is lost, the other direction goes on. */
  halfClose(direction: Direction): void {
    this.#lanes[direction].end();
  }

  /** Both sides get a reset. */
  cut(): void {
    for (const direction of DIRECTIONS) this.#lanes[direction].close();
    for (const socket of this.#sockets) breakOff(socket);
  }

  /** Bytes given to the receiver. */
  passed(direction: Direction): number {
    return this.#lanes[direction].passed;
  }
}

export class TcpProxy {
  /** What becomes of new connections; 'hang': they are open and nothing comes back. */
  accepts: 'all' | 'none' | 'hang' = 'all';
  readonly connections = new Set<ProxiedConnection>();
  readonly #listener: Server;
  readonly #options: ProxyOptions;
  readonly #random: () => number;
  readonly #hanging = new Set<Socket>();
  readonly #shapes: Record<Direction, Shape> = {
    toServer: { delayMs: [0, 0], stalled: false, bytesPerSecond: Infinity },
    toClient: { delayMs: [0, 0], stalled: false, bytesPerSecond: Infinity },
  };

  private constructor(options: ProxyOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed ?? 1);
    this.#listener = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  }

  static async start(options: ProxyOptions): Promise<TcpProxy> {
    const proxy = new TcpProxy(options);
    const { host, port } = options.listen ?? { host: '127.0.0.1', port: 0 };
    proxy.#listener.listen(port, host);
    await once(proxy.#listener, 'listening');
    return proxy;
  }

  get port(): number {
    const address: AddressInfo | string | null = this.#listener.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen');
    return address.port;
  }

  /** Of all connections, present and future. */
  shape(direction: Direction, shape: Partial<Shape>): void {
    this.#shapes[direction] = { ...this.#shapes[direction], ...shape };
    for (const connection of this.connections) connection.shape(direction, shape);
  }

  /** All is as on a good network again; connections that were cut stay so. */
  heal(): void {
    this.accepts = 'all';
    for (const direction of DIRECTIONS)
      this.shape(direction, { delayMs: [0, 0], stalled: false, bytesPerSecond: Infinity });
    for (const socket of this.#hanging) socket.resetAndDestroy();
    this.#hanging.clear();
  }

  cut(): void {
    for (const connection of this.connections) connection.cut();
  }

  async close(): Promise<void> {
    this.accepts = 'none';
    this.heal();
    this.accepts = 'none';
    const closed = [...this.connections].map((connection) => connection.closed);
    this.cut();
    this.#listener.close();
    await Promise.all([once(this.#listener, 'close'), ...closed]);
  }

  #accept(client: Socket): void {
    if (this.accepts === 'none') {
      client.resetAndDestroy();
    } else if (this.accepts === 'hang') {
      this.#hanging.add(client);
      client.on('error', () => undefined);
      client.on('close', () => this.#hanging.delete(client));
    } else {
      const server = connect({ ...this.#options.server, allowHalfOpen: true });
      const connection = new ProxiedConnection(client, server, this.#shapes, this.#random);
      this.connections.add(connection);
      void connection.closed.then(() => this.connections.delete(connection));
    }
  }
}

/** With a reset, unless it is about to end: then a reset fails, and the socket would neither be closed nor say so. */
function breakOff(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.writableEnded && !socket.writableFinished) socket.destroy();
  else socket.resetAndDestroy();
}

/** Unlike `once` it does not fail where the connection did. */
function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}
