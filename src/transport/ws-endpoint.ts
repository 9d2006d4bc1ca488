/** `Listen` on the `ws` package: plain JavaScript, runs on every Node. */
import { createServer as createHttp, type Server } from 'node:http';
import { createServer as createHttps, type ServerOptions } from 'node:https';
import { type WebSocket, WebSocketServer } from 'ws';
import { Connections } from './connections.js';
import type { Connection, Endpoint, EndpointHandlers, EndpointOptions, Listen } from './endpoint.js';
import { CLOSE_GOING_AWAY, frameTooLarge, FULL_STATUS, hardMessageBytesMax, IDLE_TIMEOUT_S } from './farewell.js';
import { explain, readCertificate } from './listen-failure.js';
import { type TlsRefusal, TlsRefusals } from './tls-refusal.js';

class WsConnection implements Connection {
  readonly id: number;
  /** Something was heard since the last ping. */
  alive = true;
  readonly #socket: WebSocket;
  readonly #unreadBytesMax: number;

  constructor(id: number, socket: WebSocket, unreadBytesMax: number) {
    this.id = id;
    this.#socket = socket;
    this.#unreadBytesMax = unreadBytesMax;
  }

  send(message: Uint8Array): boolean {
    if (this.#socket.readyState !== this.#socket.OPEN) return false;
    if (this.#socket.bufferedAmount > this.#unreadBytesMax) {
      this.#socket.terminate();
      return false;
    }
    this.#socket.send(message, { binary: true });
    return true;
  }

  close(): void {
    this.#socket.close(CLOSE_GOING_AWAY);
  }

  /** Called every half idle timeout: cuts off a peer that answered no ping since the last call. */
  beat(): void {
    if (!this.alive) return this.#socket.terminate();
    this.alive = false;
    this.#socket.ping();
  }

  terminate(): void {
    this.#socket.terminate();
  }
}

function serve(
  socket: WebSocket,
  connection: WsConnection,
  options: EndpointOptions,
  handlers: EndpointHandlers,
): void {
  socket.on('message', (data) => {
    connection.alive = true;
    if (!(data instanceof Uint8Array) || socket.readyState !== socket.OPEN) return;
    if (data.byteLength <= options.frameBytesMax) return handlers.message(connection, data);
    connection.send(frameTooLarge(data.byteLength, options.frameBytesMax));
    connection.close();
  });
  socket.on('pong', () => (connection.alive = true));
  // Its reasons (a broken frame, a reset) are the peer's; 'close' always follows.
  socket.on('error', () => undefined);
  handlers.open(connection);
}

class WsEndpoint implements Endpoint {
  readonly host: string;
  port = 0;
  readonly #open = new Set<WsConnection>();
  readonly #http: Server;
  readonly #connections: Connections;
  readonly #sockets: WebSocketServer;
  #beat: NodeJS.Timeout | undefined;
  #lastId = 0;
  #closing: Promise<void> | undefined;

  constructor(options: EndpointOptions, handlers: EndpointHandlers) {
    this.host = options.host;
    this.#http =
      options.tls === undefined
        ? createHttp(refuse)
        : secureHttp(options.tls, (refusal) => handlers.refused?.(refusal));
    this.#connections = new Connections(this.#http);
    this.#sockets = new WebSocketServer({
      server: this.#http,
      maxPayload: hardMessageBytesMax(options.frameBytesMax),
      perMessageDeflate: false,
      clientTracking: false,
      verifyClient: (_info, answer) =>
        answer(this.#open.size < options.connectionsMax, FULL_STATUS, 'too many connections'),
    });
    // The HTTP server reports the same errors to listenOn.
    this.#sockets.on('error', () => undefined);
    this.#sockets.on('connection', (socket) => {
      const connection = new WsConnection(++this.#lastId, socket, options.unreadBytesMax);
      this.#open.add(connection);
      socket.on('close', () => {
        this.#open.delete(connection);
        handlers.close(connection);
      });
      serve(socket, connection, options, handlers);
    });
  }

  get connections(): number {
    return this.#open.size;
  }

  listenOn(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#http.once('error', (error) => reject(explain(this.host, port, error)));
      this.#http.listen({ host: this.host, port, exclusive: true }, () => {
        const address = this.#http.address();
        if (typeof address === 'object' && address !== null) this.port = address.port;
        this.#beat = setInterval(() => this.#pingAll(), (IDLE_TIMEOUT_S * 1000) / 2).unref();
        resolve();
      });
    });
  }

  #pingAll(): void {
    for (const connection of this.#open) connection.beat();
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      clearInterval(this.#beat);
      for (const connection of this.#open) connection.close();
      this.#http.close(() => resolve());
      // One turn of the loop sends the close frames; who does not answer them is not waited for.
      setImmediate(() => {
        for (const connection of this.#open) connection.terminate();
        this.#connections.cutOff();
      });
    });
    return this.#closing;
  }
}

function secureHttp(tls: NonNullable<EndpointOptions['tls']>, refused: (refusal: TlsRefusal) => void): Server {
  const server = createHttps(tlsOptions(tls), refuse);
  const refusals = new TlsRefusals();
  server.on('connection', (socket) => refusals.connected(socket));
  server.on('tlsClientError', (error, socket) => {
    const refusal = refusals.of(error, socket);
    if (refusal !== null) refused(refusal);
  });
  return server;
}

function tlsOptions(tls: NonNullable<EndpointOptions['tls']>): ServerOptions {
  const asksPeers = tls.caFile !== undefined;
  return { ...readCertificate(tls), requestCert: asksPeers, rejectUnauthorized: asksPeers };
}

function refuse(_request: unknown, response: { writeHead(status: number): { end(text: string): unknown } }): void {
  response.writeHead(426).end('This is a psmr endpoint: connect with WebSocket, see docs/protocol.md.\n');
}

export const listenWithWs: Listen = async (options, handlers) => {
  const endpoint = new WsEndpoint(options, handlers);
  await endpoint.listenOn(options.port);
  return endpoint;
};
