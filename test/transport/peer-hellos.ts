/** What a replica that a test plays says before its link is up. */
import {
  encodePeerHello,
  PEER_PROTOCOL_VERSION,
  encodeProof,
  type PeerHello,
  PeerKind,
  proofOf,
} from '../../src/transport/peers/peer-messages.js';
import { IDENTITY, SECRET } from './peer-replicas.js';

let drawn = 0;

/** From replica 2 to replica 1, of a start of its own, unless told otherwise. */
export function helloOf(fields: Partial<PeerHello>): Uint8Array {
  const { cluster, service, epoch, group } = IDENTITY;
  const instance = new Uint8Array(16);
  new DataView(instance.buffer).setUint32(0, ++drawn);
  const nonce = new Uint8Array(32).fill(1);
  return encodePeerHello({
    protocol: PEER_PROTOCOL_VERSION,
    cluster,
    service,
    epoch,
    group,
    from: 2,
    to: 1,
    instance,
    nonce,
    ...fields,
  });
}

export function proofFor(hello: Uint8Array, challenge: Uint8Array): Uint8Array {
  return encodeProof(PeerKind.proof, proofOf(PeerKind.proof, SECRET, hello, challenge));
}
