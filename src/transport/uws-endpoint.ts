/**
 * `Listen` on uWebSockets.js. Facts of that library that shape this file: a socket must not be touched after its
 * close handler ran; a worker thread must not end while its loop still holds an open socket; a failed listen gives
 * no reason.
 */
import type { us_listen_socket, WebSocket, WebSocketBehavior } from 'uWebSockets.js';
import { invariant } from '../errors.js';
import type { Connection, Endpoint, EndpointHandlers, EndpointOptions, Listen } from './endpoint.js';
import { CLOSE_GOING_AWAY, frameTooLarge, FULL_STATUS, hardMessageBytesMax, IDLE_TIMEOUT_S } from './farewell.js';
import { checkAddress, explain, readCertificate } from './listen-failure.js';
import type { NativeModule } from './native-module.js';

interface UserData {
  connection: UwsConnection | null;
}

type Socket = WebSocket<UserData>;

/** What `send` of uWebSockets.js answers where the client has too much unread. */
const DROPPED = 2;

class UwsConnection implements Connection {
  readonly id: number;
  #socket: Socket | null;

  constructor(id: number, socket: Socket) {
    this.id = id;
    this.#socket = socket;
  }

  send(message: Uint8Array): boolean {
    if (this.#socket === null) return false;
    if (this.#socket.send(message, true, false) !== DROPPED) return true;
    this.#socket.close();
    return false;
  }

  close(): void {
    this.#socket?.end(CLOSE_GOING_AWAY);
  }

  /** The library's socket is gone. */
  detach(): void {
    this.#socket = null;
  }
}

/** The app's own `close` is newer than the published types. */
interface Closable {
  close?(): unknown;
}

class UwsEndpoint implements Endpoint {
  readonly host: string;
  port = 0;
  readonly #native: NativeModule;
  readonly #app: ReturnType<NativeModule['App']> & Closable;
  readonly #open = new Set<UwsConnection>();
  #listener: us_listen_socket | undefined;
  #lastId = 0;
  #closing: Promise<void> | undefined;

  constructor(native: NativeModule, options: EndpointOptions, handlers: EndpointHandlers) {
    this.host = options.host;
    this.#native = native;
    this.#app = createApp(native, options);
    this.#app.ws<UserData>('/*', this.#behavior(options, handlers));
    this.#app.any('/*', (response) => {
      response.writeStatus('426 Upgrade Required');
      response.end('This is a psmr endpoint: connect with WebSocket, see docs/protocol.md.\n');
    });
  }

  get connections(): number {
    return this.#open.size;
  }

  #behavior(options: EndpointOptions, handlers: EndpointHandlers): WebSocketBehavior<UserData> {
    return {
      compression: this.#native.DISABLED,
      maxPayloadLength: hardMessageBytesMax(options.frameBytesMax),
      maxBackpressure: options.unreadBytesMax,
      idleTimeout: IDLE_TIMEOUT_S,
      sendPingsAutomatically: true,
      upgrade: (response, request, context) => {
        if (this.#open.size >= options.connectionsMax) {
          response.writeStatus(`${FULL_STATUS} Service Unavailable`).end('too many connections');
          return;
        }
        response.upgrade<UserData>(
          { connection: null },
          request.getHeader('sec-websocket-key'),
          request.getHeader('sec-websocket-protocol'),
          request.getHeader('sec-websocket-extensions'),
          context,
        );
      },
      open: (socket) => {
        const connection = new UwsConnection(++this.#lastId, socket);
        socket.getUserData().connection = connection;
        this.#open.add(connection);
        handlers.open(connection);
      },
      message: (socket, message) => {
        const { connection } = socket.getUserData();
        if (connection === null) return;
        if (message.byteLength <= options.frameBytesMax) return handlers.message(connection, new Uint8Array(message));
        connection.send(frameTooLarge(message.byteLength, options.frameBytesMax));
        connection.close();
      },
      close: (socket) => {
        const { connection } = socket.getUserData();
        if (connection === null) return;
        connection.detach();
        this.#open.delete(connection);
        handlers.close(connection);
      },
    };
  }

  async listenOn(port: number): Promise<void> {
    // The library lets two listeners share a port, and each gets some of the connections. Its option against that also
    // forbids a port with connections of a former process on it, for a minute after a restart.
    await checkAddress(this.host, port);
    const listener = await new Promise<us_listen_socket | false>((resolve) => {
      this.#app.listen(this.host, port, resolve);
    });
    if (listener === false) throw explain(this.host, port, new Error('the system gave no reason'));
    this.#listener = listener;
    this.port = this.#native.us_socket_local_port(listener);
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      if (this.#listener !== undefined) this.#native.us_listen_socket_close(this.#listener);
      for (const connection of this.#open) connection.close();
      // A turn of the loop sends the close frames; the next ones free what was closed.
      setImmediate(() => {
        this.#app.close?.();
        setImmediate(() => setImmediate(resolve));
      });
    });
    return this.#closing;
  }
}

function createApp(native: NativeModule, options: EndpointOptions): ReturnType<NativeModule['App']> {
  if (options.tls === undefined) return native.App();
  readCertificate(options.tls);
  invariant(options.tls.caFile === undefined, 'uWebSockets.js cannot insist on certificates of peers');
  return native.SSLApp({ cert_file_name: options.tls.certFile, key_file_name: options.tls.keyFile });
}

export function listenWithUws(native: NativeModule): Listen {
  return async (options, handlers) => {
    const endpoint = new UwsEndpoint(native, options, handlers);
    await endpoint.listenOn(options.port);
    return endpoint;
  };
}
