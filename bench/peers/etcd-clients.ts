/**
 * Clients of etcd by its gRPC interface, which costs it and us less than its JSON gateway does. A call of gRPC is a
 * POST over HTTP/2 whose body is a byte 0, the length, and a message of protocol buffers; a trailer tells the status.
 */
import { once } from 'node:events';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { PsmrError } from '../../src/errors.js';
import type { LoadClient } from '../clients/batch-client.js';
import type { BenchCommand } from '../workloads/workload.js';
import { done, setOf, type KeyValue } from './kv-sets.js';

/** Of a message's first field, and its second, where they have a length. */
const FIRST_TAG = 10;
const SECOND_TAG = 18;
const PREFIX_BYTES = 5;
const LENGTH_BITS = 7;
const MORE = 128;

/** A connection of its own each. A call with one command is a put, with several a transaction of puts. */
export async function connectEtcd(url: string, connections: number): Promise<LoadClient[]> {
  const sessions = Array.from({ length: connections }, () => connect(url));
  await Promise.all(sessions.map((session) => once(session, 'connect')));
  return sessions.map((session) => {
    session.on('error', () => undefined);
    return {
      executeBatch: async (commands) => {
        await call(session, ...requestOf(commands));
        return done(commands);
      },
      close: () => {
        session.destroy();
        return Promise.resolve();
      },
    };
  });
}

function requestOf(commands: readonly BenchCommand[]): [method: string, message: Buffer] {
  const [first, second] = commands;
  if (first !== undefined && second === undefined) return ['Put', putRequest(setOf(first))];
  return ['Txn', transactionRequest(commands.map(setOf))];
}

function call(session: ClientHttp2Session, method: string, message: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: `/etcdserverpb.KV/${method}`,
      [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
      [constants.HTTP2_HEADER_TE]: 'trailers',
    });
    let status = 'none';
    const heard = (headers: Record<string, unknown>): void => {
      if (typeof headers['grpc-status'] === 'string') status = headers['grpc-status'];
    };
    // A refused call has its status among the headers.
    stream.on('response', heard);
    stream.on('trailers', heard);
    stream.on('error', reject);
    stream.on('close', () => {
      if (status === '0') resolve();
      else reject(new PsmrError('ENGINE_FAILED', `etcd answered a ${method} with gRPC status ${status}.`));
    });
    stream.resume();
    const prefix = Buffer.alloc(PREFIX_BYTES);
    prefix.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([prefix, message]));
  });
}

/** PutRequest: key, value. */
function putRequest({ key, value }: KeyValue): Buffer {
  return Buffer.concat([field(FIRST_TAG, Buffer.from(key, 'latin1')), field(SECOND_TAG, Buffer.from(value, 'latin1'))]);
}

/** TxnRequest without conditions: all is done. It refuses a key that comes twice, so the last of its values is put. */
function transactionRequest(sets: readonly KeyValue[]): Buffer {
  const last = new Map(sets.map(({ key, value }) => [key, value]));
  // The second field of a TxnRequest is a RequestOp, whose second field is a PutRequest.
  const puts = [...last].map(([key, value]) => field(SECOND_TAG, putRequest({ key, value })));
  return Buffer.concat(puts.map((put) => field(SECOND_TAG, put)));
}

function field(tag: number, content: Buffer): Buffer {
  const head = [tag];
  let length = content.length;
  for (; length >= MORE; length >>>= LENGTH_BITS) head.push((length % MORE) + MORE);
  return Buffer.concat([Buffer.from([...head, length]), content]);
}
