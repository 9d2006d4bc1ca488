/** The connections that peers have dialled: strangers until they have proved who they are, then sources of messages. */
import { messageOf, PsmrError } from '../../errors.js';
import type { Connection, EndpointHandlers } from '../endpoint.js';
import { encodeGoodbye } from '../handshake.js';
import type { PeerLinkHandlers } from '../peer-links.js';
import type { TlsRefusal } from '../tls-refusal.js';
import { MessageReader } from './message-reader.js';
import { ListenerHandshake } from './peer-handshake.js';
import type { PeerLinksLimits } from './peer-links-options.js';
import type { PeerHello } from './peer-messages.js';
import { goodbyeOf, type OwnIdentity, replacedInstance } from './peer-refusal.js';
import type { ProblemLog } from './problem-log.js';
import { refusedForTls } from './tls-problems.js';

/** So many may be strangers at a time; a new one pushes out the oldest, so that silent ones do not keep peers away. */
const STRANGERS_MAX = 32;
/** Starts of one replica that are remembered as over. */
const REPLACED_MAX = 64;

export interface IncomingContext {
  readonly own: OwnIdentity;
  readonly secret: string;
  readonly limits: PeerLinksLimits;
  readonly problems: ProblemLog;
  readonly message: PeerLinkHandlers['message'];
  /** A replica has connected and proved who it is. */
  readonly arrived: (replica: number) => void;
}

interface Stranger {
  readonly connection: Connection;
  readonly handshake: ListenerHandshake;
  readonly deadline: NodeJS.Timeout;
}

interface Peer {
  readonly connection: Connection;
  readonly replica: number;
  readonly instance: string;
  readonly reader: MessageReader;
}

export class IncomingLinks implements EndpointHandlers {
  readonly #context: IncomingContext;
  /** By the connection's id, oldest first. */
  readonly #strangers = new Map<number, Stranger>();
  readonly #peers = new Map<number, Peer>();
  readonly #replaced = new Map<number, Set<string>>();

  constructor(context: IncomingContext) {
    this.#context = context;
  }

  open(connection: Connection): void {
    const [oldest] = this.#strangers.values();
    if (oldest !== undefined && this.#strangers.size >= STRANGERS_MAX) this.#drop(oldest.connection);
    this.#strangers.set(connection.id, {
      connection,
      handshake: new ListenerHandshake(this.#context.own, this.#context.secret),
      deadline: setTimeout(() => this.#drop(connection), this.#context.limits.handshakeMs),
    });
  }

  message(connection: Connection, bytes: Uint8Array): void {
    const peer = this.#peers.get(connection.id);
    if (peer !== undefined) return this.#read(peer, bytes);
    const stranger = this.#strangers.get(connection.id);
    if (stranger !== undefined) this.#greet(stranger, bytes);
  }

  close(connection: Connection): void {
    this.#forget(connection);
  }

  refused(refusal: TlsRefusal): void {
    this.#context.problems.report('strangers', refusedForTls(refusal));
  }

  /** Ends the connections of replicas that are peers no more. One that still thinks itself a peer may come again. */
  disconnect(replica: number): void {
    for (const peer of this.#peers.values()) if (peer.replica === replica) this.#drop(peer.connection);
  }

  /** Nothing is heard from anybody any more. */
  end(): void {
    for (const { connection } of [...this.#strangers.values(), ...this.#peers.values()]) this.#forget(connection);
  }

  #greet(stranger: Stranger, bytes: Uint8Array): void {
    const { connection, handshake } = stranger;
    try {
      const { reply, done } = handshake.receive(bytes);
      const { hello } = handshake;
      if (done && hello !== null) this.#checkInstance(hello);
      if (reply !== null) connection.send(reply);
      if (done && hello !== null) this.#accept(connection, hello);
    } catch (thrown) {
      this.#refuse(connection, 'strangers', thrown);
    }
  }

  #checkInstance({ from, instance }: PeerHello): void {
    if (this.#replaced.get(from)?.has(nameOf(instance)) === true) throw replacedInstance(from);
  }

  /** The newest connection of a replica counts: the one before is a broken one, or of a former life. */
  #accept(connection: Connection, { from, instance }: PeerHello): void {
    this.#forget(connection);
    const name = nameOf(instance);
    for (const peer of this.#peers.values()) {
      if (peer.replica !== from) continue;
      if (peer.instance !== name) this.#retire(from, peer.instance);
      this.#drop(peer.connection);
    }
    const reader = new MessageReader(this.#context.limits.messageBytesMax);
    this.#peers.set(connection.id, { connection, replica: from, instance: name, reader });
    this.#context.arrived(from);
  }

  #retire(replica: number, instance: string): void {
    const replaced = this.#replaced.get(replica) ?? new Set();
    const [oldest] = replaced;
    if (oldest !== undefined && replaced.size >= REPLACED_MAX) replaced.delete(oldest);
    this.#replaced.set(replica, replaced.add(instance));
  }

  #read(peer: Peer, bytes: Uint8Array): void {
    const { connection, replica } = peer;
    const deliver = (message: Uint8Array): boolean => {
      this.#context.message(replica, message);
      return this.#peers.get(connection.id) === peer;
    };
    try {
      peer.reader.read(bytes, deliver);
    } catch (thrown) {
      if (!(thrown instanceof PsmrError) || thrown.code !== 'FRAME_TOO_LARGE') throw thrown;
      this.#refuse(connection, `from ${replica}`, thrown);
    }
  }

  #refuse(connection: Connection, source: string, thrown: unknown): void {
    const problem = thrown instanceof PsmrError ? thrown : new PsmrError('BAD_FRAME', messageOf(thrown));
    this.#context.problems.report(source, problem);
    connection.send(encodeGoodbye(goodbyeOf(problem)));
    this.#drop(connection);
  }

  #drop(connection: Connection): void {
    this.#forget(connection);
    connection.close();
  }

  #forget(connection: Connection): void {
    clearTimeout(this.#strangers.get(connection.id)?.deadline);
    this.#strangers.delete(connection.id);
    this.#peers.delete(connection.id);
  }
}

function nameOf(instance: Uint8Array): string {
  return Buffer.from(instance).toString('hex');
}
