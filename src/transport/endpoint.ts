import type { TlsRefusal } from './tls-refusal.js';

/** Where clients reach one group of one replica: a WebSocket listener that lives in that group's worker thread. */
export interface EndpointOptions {
  readonly host: string;
  /** 0: the system picks one. */
  readonly port: number;
  readonly tls?: {
    readonly certFile: string;
    readonly keyFile: string;
    /** Only peers with a certificate of this authority may connect. uWebSockets.js cannot do that. */
    readonly caFile?: string;
  };
  /** A larger message closes its connection with FRAME_TOO_LARGE. */
  readonly frameBytesMax: number;
  /** A client that lets more than this wait unread is disconnected. */
  readonly unreadBytesMax: number;
  readonly connectionsMax: number;
}

export interface Connection {
  readonly id: number;
  /** Queues one binary message. False: the connection is gone (or was just closed for not reading). */
  send(message: Uint8Array): boolean;
  /** Sends what is queued, then closes. Idempotent. */
  close(): void;
}

export interface EndpointHandlers {
  open(connection: Connection): void;
  /** `message` is valid during the call only: copy what must live longer. */
  message(connection: Connection, message: Uint8Array): void;
  close(connection: Connection): void;
  /** A connection that TLS kept out, and why. uWebSockets.js does not tell of any. */
  refused?(refusal: TlsRefusal): void;
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  /** Stops listening, closes every connection, and resolves once the event loop holds nothing of it any more. */
  close(): Promise<void>;
}

export type Listen = (options: EndpointOptions, handlers: EndpointHandlers) => Promise<Endpoint>;
