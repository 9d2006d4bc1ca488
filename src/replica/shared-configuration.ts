/** What must be alike in the configurations of all replicas and is seen nowhere else: who is where, and the token. Pure. */
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { addressText } from '../address-text.js';
import type { Address, ClusterReplica } from '../config/cluster.js';
import { PsmrError } from '../errors.js';

export interface SharedConfiguration {
  readonly replica: number;
  /** Tells tokens apart, without telling them; null: clients need none. */
  readonly token: string | null;
  /** Those that it knows. */
  readonly replicas: readonly ClusterReplica[];
}

const addressSchema = z.object({ host: z.string(), port: z.int() });
const addressesSchema = z.array(addressSchema).max(1024);

export const sharedConfigurationSchema: z.ZodType<SharedConfiguration> = z.object({
  replica: z.int().min(1),
  token: z.string().nullable(),
  replicas: z.array(
    z.object({ id: z.int().min(1), clients: addressesSchema, peers: addressesSchema, http: addressSchema }),
  ),
});

/** Of no use to whoever does not know the secret, not even to try out tokens. */
export function tokenMark(token: string, secret: string): string {
  return createHmac('sha256', secret).update(`psmr token\n${token}`).digest('hex');
}

export interface ConfigurationDifference {
  /** For the operator. */
  readonly problem: PsmrError;
  /** For everybody: without what is asked of clients. */
  readonly open: string;
}

/** What an operator has to correct, one of each kind. */
export function differencesOf(own: SharedConfiguration, other: SharedConfiguration): ConfigurationDifference[] {
  const { replica } = other;
  const [token, address] = [tokenDifference(own, other), addressDifference(own, other)];
  const problem = (sentence: string): PsmrError => new PsmrError('INVALID_CONFIG', sentence, { details: { replica } });
  return [
    ...(token === null ? [] : [{ problem: problem(token), open: tokenDiffers(replica) }]),
    ...(address === null ? [] : [{ problem: problem(address), open: address }]),
  ];
}

function tokenDiffers(replica: number): string {
  return `replica ${replica} has another token than this one: see what they print, and give all replicas the same one`;
}

function tokenDifference(own: SharedConfiguration, other: SharedConfiguration): string | null {
  if (own.token === other.token) return null;
  const how =
    other.token === null
      ? 'no token, and this replica asks for one'
      : own.token === null
        ? 'a token, and this replica asks for none'
        : 'another token than this replica does';
  return (
    `Replica ${other.replica} asks clients for ${how}. ` +
    'Give all replicas the same one (token in the configuration, or PSMR_TOKEN), and start again those that had not.'
  );
}

/** The first one: mostly the others follow from it. */
function addressDifference(own: SharedConfiguration, other: SharedConfiguration): string | null {
  for (const ours of own.replicas) {
    const theirs = other.replicas.find(({ id }) => id === ours.id);
    const place = theirs === undefined ? null : firstDifference(ours, theirs);
    if (place === null) continue;
    return (
      `The configuration of replica ${other.replica} is another one: ${place.what} of replica ${ours.id} is at ` +
      `${addressText(place.theirs)} there, and at ${addressText(place.ours)} here. Give all replicas the same cluster.replicas ` +
      '(as many hosts, in the same order) and cluster.interfaces, and start again those that had not.'
    );
  }
  return null;
}

interface Difference {
  readonly what: string;
  readonly ours: Address;
  readonly theirs: Address;
}

function firstDifference(ours: ClusterReplica, theirs: ClusterReplica): Difference | null {
  const pairs = [
    ...pairsOf(ours.peers, theirs.peers, 'for other replicas'),
    ...pairsOf(ours.clients, theirs.clients, 'for clients'),
    { what: 'the HTTP endpoint', ours: ours.http, theirs: theirs.http },
  ];
  return pairs.find((pair) => addressText(pair.ours) !== addressText(pair.theirs)) ?? null;
}

/** Another number of groups is another partition map, which links tell. */
function pairsOf(ours: readonly Address[], theirs: readonly Address[], whom: string): Difference[] {
  return ours.flatMap((address, group) => {
    const other = theirs[group];
    return other === undefined ? [] : [{ what: `group ${group}, ${whom},`, ours: address, theirs: other }];
  });
}
