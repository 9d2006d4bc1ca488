/**
 * What two replicas say before a link is up: HELLO and PROOF from the one that dialled, CHALLENGE and WELCOME from the
 * one that listens. Each is a byte of kind and a MessagePack map, like the messages to clients. Nobody's word counts
 * until the proofs have been checked; they cover every byte of HELLO and CHALLENGE.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { PsmrError } from '../../errors.js';
import { bytes as exactly, fields, text, whole } from '../../shape.js';
import { badFrame } from '../frames.js';
import { decodeFields, encodeMessage, parseFields } from '../handshake.js';

export const PEER_PROTOCOL_VERSION = 3;

export const PeerKind = { hello: 16, challenge: 17, proof: 18, welcome: 19 } as const;

/** Messages before the link is up are small; more than this is none of them. */
export const HANDSHAKE_BYTES_MAX = 4096;

export const NONCE_BYTES = 32;
export const INSTANCE_BYTES = 16;
const PROOF_BYTES = 32;

/** What both ends of a link must agree on. */
export interface LinkIdentity {
  readonly cluster: string;
  readonly service: string;
  /** Of the partition map. */
  readonly epoch: number;
  readonly group: number;
}

export interface PeerHello extends LinkIdentity {
  readonly protocol: number;
  /** The replica that dialled, and the one it wants. */
  readonly from: number;
  readonly to: number;
  /** Drawn once per start of a replica's links: tells a replica that dials again from a second one of its number. */
  readonly instance: Uint8Array;
  readonly nonce: Uint8Array;
}

const replica = whole(1, 0xffff);

const helloFields = fields({
  protocol: whole(0),
  cluster: text(255),
  service: text(255),
  epoch: whole(0, 0xffff_ffff),
  group: whole(0),
  from: replica,
  to: replica,
  instance: exactly(INSTANCE_BYTES),
  nonce: exactly(NONCE_BYTES),
});
const versionField = fields({ protocol: whole(0) });
const challengeFields = fields({ nonce: exactly(NONCE_BYTES) });
const proofFields = fields({ proof: exactly(PROOF_BYTES) });

export function encodePeerHello(hello: PeerHello): Uint8Array {
  const { instance, nonce } = hello;
  return encodeMessage(PeerKind.hello, { ...hello, instance: Buffer.from(instance), nonce: Buffer.from(nonce) });
}

/** Throws BAD_FRAME, or PROTOCOL_VERSION where the dialler's differs. */
export function decodePeerHello(bytes: Uint8Array): PeerHello {
  const fields = decodeFields(checkSize(bytes), PeerKind.hello, 'PEER_HELLO');
  const { protocol } = parseFields(versionField, fields, 'PEER_HELLO');
  if (protocol !== PEER_PROTOCOL_VERSION) throw wrongVersion(protocol);
  const hello = parseFields(helloFields, fields, 'PEER_HELLO');
  return { ...hello, instance: Uint8Array.from(hello.instance), nonce: Uint8Array.from(hello.nonce) };
}

function wrongVersion(theirs: number): PsmrError {
  const side = theirs > PEER_PROTOCOL_VERSION ? 'that listens' : 'that dialled';
  return new PsmrError(
    'PROTOCOL_VERSION',
    `The replica that dialled speaks version ${theirs} of the protocol between replicas, the one that listens version ` +
      `${PEER_PROTOCOL_VERSION}: upgrade psmr on the replica ${side}.`,
    { details: { dialler: theirs, listener: PEER_PROTOCOL_VERSION } },
  );
}

export function encodeChallenge(nonce: Uint8Array): Uint8Array {
  return encodeMessage(PeerKind.challenge, { nonce: Buffer.from(nonce) });
}

/** Throws BAD_FRAME. */
export function checkChallenge(bytes: Uint8Array): void {
  parseFields(challengeFields, decodeFields(checkSize(bytes), PeerKind.challenge, 'PEER_CHALLENGE'), 'PEER_CHALLENGE');
}

type ProofKind = typeof PeerKind.proof | typeof PeerKind.welcome;

export function encodeProof(kind: ProofKind, proof: Uint8Array): Uint8Array {
  return encodeMessage(kind, { proof: Buffer.from(proof) });
}

/** Throws BAD_FRAME. */
export function decodeProof(kind: ProofKind, bytes: Uint8Array): Uint8Array {
  const name = kind === PeerKind.proof ? 'PEER_PROOF' : 'PEER_WELCOME';
  return parseFields(proofFields, decodeFields(checkSize(bytes), kind, name), name).proof;
}

function checkSize(bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength <= HANDSHAKE_BYTES_MAX) return bytes;
  throw badFrame(`${bytes.byteLength} bytes before the link is up, of ${HANDSHAKE_BYTES_MAX}`);
}

/**
 * Proves knowledge of the secret: HMAC-SHA256 over the kind of the message that carries it (so that one side's proof is
 * never the other's), then HELLO and CHALLENGE as they were sent, each behind its length.
 */
export function proofOf(kind: ProofKind, secret: string, hello: Uint8Array, challenge: Uint8Array): Uint8Array {
  const hmac = createHmac('sha256', secret).update(Uint8Array.of(kind));
  for (const message of [hello, challenge]) {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(message.byteLength);
    hmac.update(length).update(message);
  }
  return hmac.digest();
}

export function sameProof(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}
