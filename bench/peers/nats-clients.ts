/** Clients of JetStream: a command is a message whose subject is the key, done when the stream acknowledges it. */
import { jetstream } from '@nats-io/jetstream';
import { connect, createInbox, type NatsConnection } from '@nats-io/transport-node';
import { PsmrError } from '../../src/errors.js';
import type { LoadClient } from '../clients/batch-client.js';
import type { BenchCommand } from '../workloads/workload.js';
import { done, setOf } from './kv-sets.js';
import type { NatsStream } from './nats-trio.js';

/** An acknowledgement is JSON; that of a failure begins with the error. */
const ERROR = Buffer.from('{"error"');

const ANSWER_LIMIT_MS = 60_000;

/** A connection of its own each. Every message of a call is published by the library, which awaits its acknowledgement. */
export function connectPublishers(server: string, stream: NatsStream, connections: number): Promise<LoadClient[]> {
  return connectAll(server, connections, (connection) => {
    const client = jetstream(connection);
    return async (commands) => {
      await Promise.all(
        commands.map((command) => client.publish(...messageOf(stream, command), { timeout: ANSWER_LIMIT_MS })),
      );
    };
  });
}

/** The same with less of the client's time per message: acknowledgements of a call are only counted. */
export function connectCounters(server: string, stream: NatsStream, connections: number): Promise<LoadClient[]> {
  return connectAll(server, connections, (connection) => {
    const inbox = createInbox();
    const open = new Map<string, Counter>();
    let next = 0;
    connection.subscribe(`${inbox}.*`, {
      callback: (error, { subject, data }) => {
        const counter = open.get(subject);
        if (counter === undefined) return;
        const failure = error ?? failureIn(data);
        if (failure !== null) counter.reject(failure);
        else if (--counter.missing > 0) return;
        else counter.resolve();
        open.delete(subject);
      },
    });
    void connection.closed().then(() => {
      const gone = new PsmrError('UNREACHABLE', 'NATS has closed a connection.');
      for (const counter of open.values()) counter.reject(gone);
    });
    return (commands) =>
      new Promise((resolve, reject) => {
        const reply = `${inbox}.${next++}`;
        open.set(reply, { missing: commands.length, resolve, reject });
        for (const command of commands) connection.publish(...messageOf(stream, command), { reply });
      });
  });
}

interface Counter {
  missing: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

type Publish = (commands: readonly BenchCommand[]) => Promise<void>;

function connectAll(
  server: string,
  connections: number,
  publishWith: (connection: NatsConnection) => Publish,
): Promise<LoadClient[]> {
  return Promise.all(
    Array.from({ length: connections }, async (): Promise<LoadClient> => {
      const connection = await connect({ servers: server, reconnect: false, noRandomize: true });
      const publish = publishWith(connection);
      return {
        executeBatch: async (commands) => {
          await publish(commands);
          return done(commands);
        },
        close: () => connection.close(),
      };
    }),
  );
}

function messageOf(stream: NatsStream, command: BenchCommand): [subject: string, payload: string] {
  const { key, value } = setOf(command);
  return [`${stream}.${key}`, value];
}

function failureIn(data: Uint8Array): PsmrError | null {
  if (data.length > 0 && !ERROR.equals(data.subarray(0, ERROR.length))) return null;
  const said = data.length === 0 ? 'nobody takes the messages' : Buffer.from(data).toString('utf8');
  return new PsmrError('ENGINE_FAILED', `JetStream refused a message: ${said}`);
}
