/** Connections that a listener with TLS refuses before anything is said on them. */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { codeOf } from '../errors.js';

export interface TlsRefusal {
  /** distrusted: its certificate is not accepted; missing: it shows none; plain: it does not speak TLS. */
  readonly why: 'distrusted' | 'missing' | 'plain';
  /** Of OpenSSL: why the certificate is not accepted, or what went wrong. */
  readonly code: string;
  /** The address from which it came; null: not known any more. */
  readonly remoteAddress: string | null;
}

const WHY: Readonly<Record<string, TlsRefusal['why']>> = {
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'missing',
  ERR_SSL_HTTP_REQUEST: 'plain',
};

/** Remembers where connections come from: a socket that was refused does not know it any more. */
export class TlsRefusals {
  readonly #addresses = new WeakMap<Socket, string>();

  connected(socket: Duplex): void {
    if (socket instanceof Socket && socket.remoteAddress !== undefined)
      this.#addresses.set(socket, socket.remoteAddress);
  }

  /** Of the two arguments of `tlsClientError`; null: a connection that broke, or a fault that no replica has. */
  of(error: Error, socket: TLSSocket): TlsRefusal | null {
    const distrust = distrustOf(socket);
    const code = distrust ?? codeOf(error) ?? '';
    const why = distrust === null ? WHY[code] : 'distrusted';
    return why === undefined ? null : { why, code, remoteAddress: this.#addressOf(socket) };
  }

  #addressOf(socket: TLSSocket): string | null {
    // Node keeps the connection below there, and says it nowhere else.
    const below: unknown = Reflect.get(socket, '_parent');
    return socket.remoteAddress ?? (below instanceof Socket ? this.#addresses.get(below) : undefined) ?? null;
  }
}

/** Its type says an error; what Node puts there is the code. */
function distrustOf(socket: TLSSocket): string | null {
  const reason: unknown = socket.authorizationError;
  return typeof reason === 'string' ? reason : null;
}
