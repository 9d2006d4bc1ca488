/** The `cluster` section: who replicates the service, and where each is reached. One file serves all replicas. */
import { z } from 'zod';

export const REPLICAS_MAX = 7;
export const REPLICA_ID_MAX = 0xffff;
/** As the links between replicas want it (transport/peers). */
const SECRET_LENGTH_MIN = 16;
const LISTENING_PORT = z.int().min(1).max(65_535);

const host = z.string().min(1);

/** What defaults are, for the schema's descriptions and for filling in. */
export const CLUSTER_DEFAULTS = {
  port: 7400,
  peerPort: 7600,
  httpPort: 7390,
  heartbeatMs: 50,
  electionMs: 250,
  leaseMs: 150,
  reads: 'index',
  retainBytes: 128 << 20,
} as const;

const replica = z
  .strictObject({
    id: z.int().min(1).max(REPLICA_ID_MAX).describe('Its number, which it keeps for ever.'),
    hosts: z
      .array(host)
      .min(1)
      .max(64)
      .describe('The addresses of its network interfaces; group g uses the one at g modulo their number.'),
    port: LISTENING_PORT.optional().describe(
      `Clients reach group 0 here, stream i at this plus i. Default: ${CLUSTER_DEFAULTS.port}.`,
    ),
    peerPort: LISTENING_PORT.optional().describe(
      `Other replicas reach group 0 here, stream i at this plus i. Default: ${CLUSTER_DEFAULTS.peerPort}.`,
    ),
    http: z
      .strictObject({ host: host.optional(), port: LISTENING_PORT.optional() })
      .optional()
      .describe(
        'Health, metrics, administration and state transfer; the other replicas must reach it. ' +
          `Default: its first host, port ${CLUSTER_DEFAULTS.httpPort}.`,
      ),
  })
  .describe('One replica.');

const ms = (name: 'heartbeatMs' | 'electionMs' | 'leaseMs', least: number, what: string): z.ZodOptional<z.ZodInt> =>
  z.int().min(least).max(60_000).optional().describe(`${what} Default: ${CLUSTER_DEFAULTS[name]}.`);

export const clusterSchema = z
  .strictObject({
    name: z.string().min(1).max(255).describe('Replicas of another name are refused.'),
    secret: z
      .string()
      .min(SECRET_LENGTH_MIN)
      .optional()
      .describe('Known to the replicas and their operators alone: with it they prove who they are.'),
    secretFile: z.string().min(1).optional().describe('A file with the secret, relative to this one.'),
    replicas: z.array(replica).min(1).max(REPLICAS_MAX).describe('All replicas, this one among them.'),
    interfaces: z
      .record(z.string().min(1).max(64), z.int().min(0).max(63))
      .optional()
      .describe("Groups ('0', a stream's number or name) whose address is another than g modulo: a place in `hosts`."),
    heartbeatMs: ms('heartbeatMs', 5, 'How often a leader that has nothing to say shows that it lives, ms.'),
    electionMs: ms(
      'electionMs',
      20,
      'Without word from the leader for this long to twice as long, drawn anew each time, another is elected, ms.',
    ),
    reads: z
      .enum(['index', 'lease'])
      .optional()
      .describe(
        'How a leader knows that it still leads when it answers a read: index: it asks a majority. ' +
          'lease: a majority answered less than leaseMs ago, which is sound where clocks run equally fast. Default: index.',
      ),
    leaseMs: ms('leaseMs', 1, 'With reads by lease: less than electionMs by more than clocks may drift apart, ms.'),
    retainBytes: z
      .int()
      .min(0)
      .optional()
      .describe(
        'How much of each log stays below a checkpoint, so that a replica that was away catches up from the logs, bytes. ' +
          `Default: ${CLUSTER_DEFAULTS.retainBytes}.`,
      ),
    tls: z
      .strictObject({ certFile: z.string().min(1), keyFile: z.string().min(1), caFile: z.string().min(1) })
      .optional()
      .describe('PEM files, on each replica its own: links and the HTTP endpoint then speak TLS.'),
  })
  .describe('The replicas of a cluster.');

export type ClusterConfig = z.infer<typeof clusterSchema>;
export type ReplicaConfig = z.infer<typeof replica>;
export const replicaSchema = replica;
