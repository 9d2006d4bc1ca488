/** What links between replicas are made from. */
import type { PsmrError } from '../../errors.js';
import type { Listen } from '../endpoint.js';
import type { CertificateFiles } from '../listen-failure.js';
import type { OwnIdentity } from './peer-refusal.js';

export interface PeerLinksLimits {
  /** The largest message, sent or received, bytes. */
  readonly messageBytesMax: number;
  /** What may wait unsent for one peer; `send` answers false beyond, bytes. */
  readonly unsentBytesMax: number;
  /** A connection must be made, and must prove who it is, in this time. */
  readonly handshakeMs: number;
  /** How often a link is probed. */
  readonly probeMs: number;
  /** A link on which nothing moves for this long, probes unanswered, is dead. */
  readonly deadMs: number;
  /** After failing for this long, the operator is told that a peer is out of reach. */
  readonly unreachableMs: number;
  /** Accepted connections, strangers' included. */
  readonly connectionsMax: number;
}

export const PEER_LINKS_LIMITS: PeerLinksLimits = {
  messageBytesMax: 33_554_432,
  unsentBytesMax: 67_108_864,
  handshakeMs: 3000,
  probeMs: 500,
  deadMs: 3000,
  unreachableMs: 5000,
  connectionsMax: 128,
};

export interface PeerLinksOptions {
  readonly identity: OwnIdentity;
  /** Known to the replicas of the cluster alone; at least 16 characters. */
  readonly secret: string;
  /** Where to listen; port 0: the system picks one. */
  readonly host: string;
  readonly port: number;
  /**
   * The address of this machine from which to dial: the group's own network interface in both directions. A name binds
   * nothing.
   */
  readonly localAddress?: string;
  /**
   * Both ends of a link show a certificate of `caFile`'s authority, which must name the host by which the peer is
   * dialled. The secret is asked for all the same. `ws` accepts, since uWebSockets.js cannot insist on certificates.
   */
  readonly tls?: Required<CertificateFiles>;
  readonly limits?: Partial<PeerLinksLimits>;
  /** Something that an operator should know, once per cause: refused links, peers out of reach. */
  readonly problem: (problem: PsmrError) => void;
  readonly listen?: Listen;
}
