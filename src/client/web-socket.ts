/** A WebSocket as the client uses one: of the `ws` package in Node, the platform's own in a browser. */
import { messageOf, PsmrError } from '../errors.js';

export interface DialOptions {
  /** Node only: PEM of the authorities to trust besides, or instead of, the system's. */
  readonly ca?: string | Uint8Array;
  /** Node only. False: any certificate is accepted (tests). */
  readonly rejectUnauthorized?: boolean;
}

export interface WebSocketEvents {
  open(): void;
  message(bytes: Uint8Array): void;
  /** Once; `why` is for people. `distrusted`: the server's certificate was refused here, as it will be the next time. */
  close(why: string, distrusted?: boolean): void;
}

export interface DialledSocket {
  /** Bytes that the network has not taken yet. */
  readonly bufferedBytes: number;
  /** `taken` is called when the network has the message. */
  send(message: Uint8Array, taken: () => void): void;
  /** No event comes afterwards. */
  close(): void;
}

export type Dial = (url: string, events: WebSocketEvents) => DialledSocket;

/** Chooses once; connections are then dialled without waiting. */
export async function webSocketDial(options: DialOptions): Promise<Dial> {
  try {
    const { dialWithWs } = await import('./node-web-socket.js');
    return dialWithWs(options);
  } catch (thrown) {
    if (platformWebSocket() !== null) return dialWithPlatform;
    throw new PsmrError(
      'NOT_SUPPORTED',
      `There is no WebSocket here: install the package 'ws' (${messageOf(thrown)}).`,
      { cause: thrown },
    );
  }
}

/** The part of the browser's WebSocket that is used. */
interface PlatformSocket {
  binaryType: string;
  readonly bufferedAmount: number;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  send(data: Uint8Array): void;
  close(): void;
}

type PlatformConstructor = new (url: string) => PlatformSocket;

function platformWebSocket(): PlatformConstructor | null {
  const found: unknown = Reflect.get(globalThis, 'WebSocket');
  return isConstructor(found) ? found : null;
}

function isConstructor(found: unknown): found is PlatformConstructor {
  return typeof found === 'function' && 'CONNECTING' in found;
}

/** A browser does not say when a message has left: the buffer is looked at this often. */
const POLL_MS = 4;

const dialWithPlatform: Dial = (url, events) => {
  const Platform = platformWebSocket();
  if (Platform === null) throw new PsmrError('NOT_SUPPORTED', 'There is no WebSocket here.');
  const socket = new Platform(url);
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => events.open();
  socket.onmessage = ({ data }) =>
    events.message(data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array());
  socket.onclose = ({ code, reason }) => events.close(`the connection was closed (${code} ${reason})`);
  return {
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    send(message, taken) {
      socket.send(message);
      setTimeout(taken, POLL_MS);
    },
    close() {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    },
  };
};
