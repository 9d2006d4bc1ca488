/**
 * Whether a port speaks TLS. Whoever connects the other way finds out little: the listener hangs up, or waits for more,
 * as one that has died would. So it is asked in a connection of its own, with a few bytes that only one of the two answers.
 */
import { isIP, connect } from 'node:net';
import { codeOf } from '../errors.js';

export interface ListeningPlace {
  readonly host: string;
  readonly port: number;
  /** The address of this machine from which to ask; a name binds nothing. */
  readonly localAddress?: string | undefined;
}

/** Who listens answers within one round trip, or not at all. */
const ANSWER_MS = 500;

/** A handshake message that no client sends, which is answered by an alert before any certificate is asked for. */
const BAD_RECORD = Uint8Array.of(0x16, 3, 1, 0, 4, 0, 0, 0, 0);
const ALERT = Uint8Array.of(0x15, 3);
/**
 * Who listens with TLS knows how requests begin, takes one for somebody who dials without, and says so to its operator.
 * These two it does not know (OpenSSL takes the first for one to a proxy). uWebSockets.js answers the first, Node the second.
 */
const REQUESTS = ['CONNECT', 'options'].map((method) =>
  Buffer.from(`${method} / HTTP/1.1\r\nHost: replica\r\nConnection: close\r\n\r\n`),
);
const RESPONSE = Buffer.from('HTTP/');

/** The listener has broken off. */
export function brokeOff(error: unknown): boolean {
  return /^(ECONNRESET|EPIPE|EPROTO|ERR_SSL_)/.test(codeOf(error) ?? '');
}

/** It has broken off, or said what is no HTTP: worth asking what it speaks. */
export function saidNothing(error: unknown): boolean {
  return brokeOff(error) || codeOf(error)?.startsWith('HPE_') === true;
}

export function speaksTls(place: ListeningPlace, signal?: AbortSignal): Promise<boolean> {
  return answers(place, BAD_RECORD, ALERT, signal);
}

export async function speaksPlainHttp(place: ListeningPlace, signal?: AbortSignal): Promise<boolean> {
  return (await Promise.all(REQUESTS.map((request) => answers(place, request, RESPONSE, signal)))).includes(true);
}

/** Never rejects: no connection, no answer and the signal's end are no answer. */
function answers(
  { host, port, localAddress = '' }: ListeningPlace,
  question: Uint8Array,
  beginning: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  return new Promise((resolve) => {
    let read = Buffer.alloc(0);
    const bound = isIP(localAddress) === 0 ? {} : { localAddress };
    const socket = connect({ host, port, ...bound, ...(signal === undefined ? {} : { signal }) });
    const late = setTimeout(() => socket.destroy(), ANSWER_MS);
    socket.on('connect', () => socket.write(question));
    socket.on('data', (bytes) => {
      read = Buffer.concat([read, bytes]);
      if (read.length >= beginning.length) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(late);
      resolve(read.subarray(0, beginning.length).equals(beginning));
    });
  });
}
