/** The two sides of a link's handshake, without a socket: bytes in, bytes out, and an error where it fails. */
import { randomBytes } from 'node:crypto';
import { errorFromWire, PsmrError } from '../../errors.js';
import { FrameKind } from '../frames.js';
import { decodeGoodbye } from '../handshake.js';
import {
  checkChallenge,
  decodePeerHello,
  decodeProof,
  encodeChallenge,
  encodePeerHello,
  encodeProof,
  NONCE_BYTES,
  PEER_PROTOCOL_VERSION,
  type PeerHello,
  PeerKind,
  proofOf,
  sameProof,
} from './peer-messages.js';
import { checkIdentity, type DialledPeer, type OwnIdentity, refusedBy, wrongSecret } from './peer-refusal.js';

/** An answer to send, and whether the link is up with it. */
export interface HandshakeStep {
  readonly reply: Uint8Array | null;
  readonly done: boolean;
}

export class DiallerHandshake {
  readonly hello: Uint8Array;
  readonly #own: OwnIdentity;
  readonly #secret: string;
  readonly #peer: DialledPeer;
  #challenge: Uint8Array | null = null;

  constructor(own: OwnIdentity, instance: Uint8Array, secret: string, peer: DialledPeer) {
    this.#own = own;
    this.#secret = secret;
    this.#peer = peer;
    const { cluster, service, epoch, group, replica } = own;
    const identity = { cluster, service, epoch, group, from: replica, to: peer.id };
    const nonce = randomBytes(NONCE_BYTES);
    this.hello = encodePeerHello({ protocol: PEER_PROTOCOL_VERSION, ...identity, instance, nonce });
  }

  /** Throws the listener's refusal, or UNAUTHORIZED or BAD_FRAME where it is no replica of this cluster. */
  receive(bytes: Uint8Array): HandshakeStep {
    if (bytes[0] === FrameKind.goodbye) throw this.refusal(bytes);
    if (this.#challenge === null) {
      checkChallenge(bytes);
      this.#challenge = Uint8Array.from(bytes);
      return { reply: encodeProof(PeerKind.proof, this.#proof(PeerKind.proof, this.#challenge)), done: false };
    }
    if (!sameProof(decodeProof(PeerKind.welcome, bytes), this.#proof(PeerKind.welcome, this.#challenge)))
      throw refusedBy(this.#peer, this.#own, 'UNAUTHORIZED', '');
    return { reply: null, done: true };
  }

  /** What a GOODBYE says, also of a link that was up. */
  refusal(bytes: Uint8Array): PsmrError {
    const { code, message } = decodeGoodbye(bytes);
    const error = errorFromWire(code, message);
    return refusedBy(this.#peer, this.#own, error.code, error.message);
  }

  #proof(kind: typeof PeerKind.proof | typeof PeerKind.welcome, challenge: Uint8Array): Uint8Array {
    return proofOf(kind, this.#secret, this.hello, challenge);
  }
}

export class ListenerHandshake {
  readonly #own: OwnIdentity;
  readonly #secret: string;
  #said: { readonly bytes: Uint8Array; readonly hello: PeerHello; readonly challenge: Uint8Array } | null = null;

  constructor(own: OwnIdentity, secret: string) {
    this.#own = own;
    this.#secret = secret;
  }

  /** Who dialled; believe it when the handshake is done. */
  get hello(): PeerHello | null {
    return this.#said?.hello ?? null;
  }

  /** Throws why the link is refused. */
  receive(bytes: Uint8Array): HandshakeStep {
    if (this.#said === null) {
      if (bytes[0] === FrameKind.hello) throw clientHere();
      const hello = decodePeerHello(bytes);
      checkIdentity(hello, this.#own);
      const challenge = encodeChallenge(randomBytes(NONCE_BYTES));
      this.#said = { bytes: Uint8Array.from(bytes), hello, challenge };
      return { reply: challenge, done: false };
    }
    const { bytes: hello, challenge } = this.#said;
    const proof = decodeProof(PeerKind.proof, bytes);
    if (!sameProof(proof, proofOf(PeerKind.proof, this.#secret, hello, challenge)))
      throw wrongSecret(this.#said.hello.from);
    return {
      reply: encodeProof(PeerKind.welcome, proofOf(PeerKind.welcome, this.#secret, hello, challenge)),
      done: true,
    };
  }
}

function clientHere(): PsmrError {
  return new PsmrError(
    'BAD_FRAME',
    'A client connected where replicas meet: clients use the ports of the endpoints, replicas those of the peers.',
  );
}
