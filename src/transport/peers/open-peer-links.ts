/**
 * `PeerLinks` over WebSockets. Each replica listens for what others send to it, and dials every other for what it
 * sends, so that a message in one direction never waits for one in the other. docs/protocol.md has the bytes.
 */
import { randomBytes } from 'node:crypto';
import { invariant, PsmrError } from '../../errors.js';
import type { Endpoint } from '../endpoint.js';
import { readCertificate } from '../listen-failure.js';
import { listen } from '../listen.js';
import type { PeerAddress, PeerLinkHandlers, PeerLinks } from '../peer-links.js';
import { IncomingLinks } from './incoming-links.js';
import { CHUNK_BYTES_MAX } from './message-reader.js';
import { type LinkContext, OutgoingLink } from './outgoing-link.js';
import { PEER_LINKS_LIMITS, type PeerLinksLimits, type PeerLinksOptions } from './peer-links-options.js';
import { INSTANCE_BYTES } from './peer-messages.js';
import { ProblemLog } from './problem-log.js';

/** The endpoint itself only answers, in few bytes. */
const UNREAD_BYTES_MAX = 65_536;
const SECRET_LENGTH_MIN = 16;

export interface ListeningPeerLinks extends PeerLinks {
  /** Where peers reach this replica. */
  readonly host: string;
  readonly port: number;
}

class WebSocketPeerLinks implements ListeningPeerLinks {
  readonly host: string;
  readonly port: number;
  readonly #endpoint: Endpoint;
  readonly #incoming: IncomingLinks;
  readonly #context: LinkContext;
  readonly #links: Map<number, OutgoingLink>;
  #closing: Promise<void> | undefined;

  constructor(endpoint: Endpoint, incoming: IncomingLinks, context: LinkContext, links: Map<number, OutgoingLink>) {
    this.host = endpoint.host;
    this.port = endpoint.port;
    this.#endpoint = endpoint;
    this.#incoming = incoming;
    this.#context = context;
    this.#links = links;
  }

  send(to: number, pieces: readonly Uint8Array[]): boolean {
    let bytes = 0;
    for (const piece of pieces) bytes += piece.byteLength;
    invariant(bytes <= this.#context.limits.messageBytesMax, `a message of ${bytes} bytes is over the links' limit`);
    return this.#links.get(to)?.send(pieces, bytes) ?? false;
  }

  unsentBytes(to: number): number {
    return this.#links.get(to)?.unsentBytes ?? 0;
  }

  setPeers(peers: readonly PeerAddress[]): void {
    if (this.#closing !== undefined) return;
    const wanted = new Map(peers.map((peer) => [peer.id, peer]));
    wanted.delete(this.#context.own.replica);
    for (const [id, link] of this.#links) {
      const peer = wanted.get(id);
      if (peer?.host === link.address.host && peer.port === link.address.port) continue;
      this.#links.delete(id);
      const { isUp } = link;
      void link.close();
      if (peer === undefined) this.#incoming.disconnect(id);
      if (isUp) this.#context.handlers.down(id);
    }
    for (const [id, peer] of wanted)
      if (!this.#links.has(id)) this.#links.set(id, new OutgoingLink(peer, this.#context));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const links = [...this.#links.values()];
    this.#links.clear();
    this.#incoming.end();
    await Promise.all([this.#endpoint.close(), ...links.map((link) => link.close())]);
  }
}

/**
 * Listens; dials nobody until `setPeers`. Errors: as `listen`'s, and INVALID_CONFIG for a secret that is too short or a
 * certificate that cannot be read.
 */
export async function openPeerLinks(
  options: PeerLinksOptions,
  handlers: PeerLinkHandlers,
): Promise<ListeningPeerLinks> {
  const { identity: own, secret, host, port, tls, localAddress } = options;
  if (secret.length < SECRET_LENGTH_MIN)
    throw new PsmrError(
      'INVALID_CONFIG',
      `The cluster's secret has ${secret.length} characters: give it ${SECRET_LENGTH_MIN} or more, drawn at random.`,
    );
  const limits: PeerLinksLimits = { ...PEER_LINKS_LIMITS, ...options.limits };
  const problems = new ProblemLog(options.problem);
  const links = new Map<number, OutgoingLink>();
  const incoming = new IncomingLinks({
    own,
    secret,
    limits,
    problems,
    message: (from, bytes) => handlers.message(from, bytes),
    arrived: (replica) => links.get(replica)?.hurry(),
  });
  const certificate = tls === undefined ? null : readCertificate(tls);
  const { connectionsMax } = limits;
  const bounds = { frameBytesMax: CHUNK_BYTES_MAX, unreadBytesMax: UNREAD_BYTES_MAX, connectionsMax };
  const endpoint = await (options.listen ?? listen)(
    { host, port, ...(tls === undefined ? {} : { tls }), ...bounds },
    incoming,
  );
  const instance = randomBytes(INSTANCE_BYTES);
  const context = { own, instance, secret, limits, certificate, localAddress, handlers, problems };
  return new WebSocketPeerLinks(endpoint, incoming, context, links);
}
