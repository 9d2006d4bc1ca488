/**
 * Why a link is refused, in words for whoever operates the replica: on the side that listens, which knows both
 * identities, and on the side that dialled, which learns only the code. A stranger is not told names that it does not
 * know.
 */
import { PsmrError, type ErrorCode } from '../../errors.js';
import type { Goodbye } from '../handshake.js';
import type { LinkIdentity, PeerHello } from './peer-messages.js';

/** This end of its links. */
export interface OwnIdentity extends LinkIdentity {
  readonly replica: number;
}

/** The other end, as this one dials it. */
export interface DialledPeer {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

const quote = (name: string): string => JSON.stringify(name);

/** Throws where the dialler must not have a link, whoever it is. */
export function checkIdentity(hello: PeerHello, own: OwnIdentity): void {
  const refuse = (code: ErrorCode, sentence: string): never => {
    throw new PsmrError(code, `A link from replica ${hello.from} was refused: ${sentence}`, {
      details: { from: hello.from },
    });
  };
  const both = (theirs: string | number, ours: string | number): string => `it says ${theirs}, here it is ${ours}`;
  if (hello.cluster !== own.cluster)
    refuse(
      'WRONG_CLUSTER',
      `it is of another cluster (${both(quote(hello.cluster), quote(own.cluster))}). Correct its list of replicas, or the clusters' names.`,
    );
  if (hello.service !== own.service)
    refuse(
      'WRONG_SERVICE',
      `it runs another service (${both(quote(hello.service), quote(own.service))}). All replicas must run the same one.`,
    );
  if (hello.epoch !== own.epoch)
    refuse(
      'WRONG_EPOCH',
      `its partition map is another one (epoch: ${both(hello.epoch, own.epoch)}). Configure all replicas with the same streams and key classes.`,
    );
  if (hello.group !== own.group)
    refuse(
      'WRONG_GROUP',
      `it is for another group (${both(hello.group, own.group)}). Compare the replicas' lists of addresses: each group has its own.`,
    );
  if (hello.from === own.replica)
    refuse('DUPLICATE_REPLICA', `this replica is number ${own.replica} itself. Give each replica a number of its own.`);
  if (hello.to !== own.replica)
    refuse(
      'WRONG_REPLICA',
      `it looks for replica ${hello.to}, this is replica ${own.replica}. Correct the address of replica ${hello.to} in its list of replicas.`,
    );
}

export function wrongSecret(from: number): PsmrError {
  return new PsmrError(
    'UNAUTHORIZED',
    `A link from replica ${from} was refused: it does not know this cluster's secret. Give all replicas the same secret.`,
    { details: { from } },
  );
}

export function replacedInstance(from: number): PsmrError {
  return new PsmrError(
    'DUPLICATE_REPLICA',
    `A link from replica ${from} was refused: another replica of that number has connected since. Stop one of the two, or give it its own number.`,
    { details: { from } },
  );
}

const LISTENER_IS: Partial<Record<ErrorCode, (own: OwnIdentity, peer: DialledPeer) => string>> = {
  WRONG_CLUSTER: (own) =>
    `it is of another cluster than ${quote(own.cluster)}. Correct its address, or the cluster's name.`,
  WRONG_SERVICE: (own) => `it runs another service than ${quote(own.service)}. All replicas must run the same one.`,
  WRONG_EPOCH: (own) =>
    `its partition map is another one (not epoch ${own.epoch}). Configure all replicas with the same streams and key classes.`,
  WRONG_GROUP: (own) =>
    `that address is not the one of its group ${own.group}. Correct the address: each group has its own.`,
  WRONG_REPLICA: (_own, peer) =>
    `it is not replica ${peer.id}. Correct the address of replica ${peer.id} in the list of replicas.`,
  DUPLICATE_REPLICA: (own) =>
    `another replica with number ${own.replica} exists. Give each replica a number of its own, and stop the other one.`,
  UNAUTHORIZED: () => 'the secrets of the two replicas differ. Give all replicas of the cluster the same secret.',
};

/** A refusal, as the side that dialled tells it. */
export function refusedBy(peer: DialledPeer, own: OwnIdentity, code: ErrorCode, said: string): PsmrError {
  const why = LISTENER_IS[code]?.(own, peer) ?? said.slice(0, 500);
  return new PsmrError(
    code,
    `The link to replica ${peer.id} at ${peer.host}:${peer.port} was refused by who listens there: ${why}`,
    { details: { peer: peer.id, host: peer.host, port: peer.port } },
  );
}

/** What the dialler is told of an error: of a refusal the code alone, since it may be a stranger. */
export function goodbyeOf(error: PsmrError): Goodbye {
  const told = LISTENER_IS[error.code] === undefined;
  return { code: error.code, message: told ? error.message : 'This replica refuses the link.' };
}
