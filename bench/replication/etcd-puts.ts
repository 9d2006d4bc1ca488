/**
 * Load for etcd: puts over its gRPC interface, which costs it and us less than its JSON gateway does. A call of gRPC is a
 * POST over HTTP/2 whose body is a byte 0, the length, and a message of protocol buffers; a trailer tells the status.
 */
import { once } from 'node:events';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { PsmrError } from '../../src/errors.js';
import { LatencyRecorder } from '../measure/latency-recorder.js';
import type { Sample } from '../techniques/technique.js';
import { valueOf } from '../workloads/kv.js';

export interface EtcdPutsOptions {
  readonly url: string;
  /** In equal parts over ten connections. */
  readonly outstanding: number;
  readonly keys: number;
}

const VALUE_BYTES = 32;
const SESSIONS = 10;
/** Fields 1 and 2 of a PutRequest, both of a length below 128. */
const KEY_TAG = 10;
const VALUE_TAG = 18;
const PREFIX_BYTES = 5;
const PUT = {
  [constants.HTTP2_HEADER_METHOD]: 'POST',
  [constants.HTTP2_HEADER_PATH]: '/etcdserverpb.KV/Put',
  [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
  [constants.HTTP2_HEADER_TE]: 'trailers',
} as const;

export class EtcdPuts {
  readonly #sessions: readonly ClientHttp2Session[];
  readonly #options: EtcdPutsOptions;

  private constructor(sessions: readonly ClientHttp2Session[], options: EtcdPutsOptions) {
    this.#sessions = sessions;
    this.#options = options;
  }

  static async connect(options: EtcdPutsOptions): Promise<EtcdPuts> {
    const sessions = Array.from({ length: SESSIONS }, () => connect(options.url));
    await Promise.all(sessions.map((session) => once(session, 'connect')));
    for (const session of sessions) session.on('error', () => undefined);
    return new EtcdPuts(sessions, options);
  }

  /** A put's successor is sent when it is answered. Rejects with the first error. */
  async run(seconds: number): Promise<Sample> {
    const latencies = new LatencyRecorder();
    const start = performance.now();
    const end = start + seconds * 1000;
    let commands = 0;
    const lane = async (session: ClientHttp2Session): Promise<void> => {
      for (let sent = performance.now(); sent < end;) {
        await put(session, Math.floor(Math.random() * this.#options.keys));
        const answered = performance.now();
        latencies.record((answered - sent) * 1000, 1);
        commands++;
        sent = answered;
      }
    };
    const each = Array.from({ length: this.#options.outstanding / SESSIONS });
    await Promise.all(this.#sessions.flatMap((session) => each.map(() => lane(session))));
    return { commands, seconds: (performance.now() - start) / 1000, latencies };
  }

  close(): Promise<void> {
    for (const session of this.#sessions) session.destroy();
    return Promise.resolve();
  }
}

function put(session: ClientHttp2Session, key: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = session.request(PUT);
    let status = 'none';
    const heard = (headers: Record<string, unknown>): void => {
      if (typeof headers['grpc-status'] === 'string') status = headers['grpc-status'];
    };
    // A refused call has its status among the headers.
    call.on('response', heard);
    call.on('trailers', heard);
    call.on('error', reject);
    call.on('close', () => {
      if (status === '0') resolve();
      else reject(new PsmrError('ENGINE_FAILED', `etcd answered a put with gRPC status ${status}.`));
    });
    call.resume();
    call.end(putRequest(`user${key}`, valueOf(key, VALUE_BYTES)));
  });
}

function putRequest(key: string, value: string): Buffer {
  const message = Buffer.concat([
    ...[Buffer.from([KEY_TAG, key.length]), Buffer.from(key, 'latin1')],
    ...[Buffer.from([VALUE_TAG, value.length]), Buffer.from(value, 'latin1')],
  ]);
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}
