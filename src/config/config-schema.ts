/** What a configuration may say. psmr.config.schema.json, which editors pick up, is generated from this. */
import { z } from 'zod';
import { STREAMS_MAX } from '../transport/frames.js';
import { clusterSchema } from './cluster-schema.js';
import { DEFAULT_LIMITS, type Limits } from './limits.js';

const port = z.int().min(0).max(65_535);
const host = z.string().min(1);
const streamName = z.string().min(1).max(64);

const stream = z
  .strictObject({
    name: streamName.optional().describe('How pins and slots may call the stream. Default: its number.'),
    host: host.optional().describe("The network interface of the stream's endpoint. Default: the common host."),
    port: port.optional().describe("The port of the stream's endpoint. Default: the common port plus its number."),
  })
  .describe('One stream.');

const streamReference = z
  .union([z.int().min(1).max(STREAMS_MAX), streamName])
  .describe("A stream's number, from 1 on, or its name.");

const placement = z.discriminatedUnion('place', [
  z.strictObject({ place: z.literal('hash') }).describe("By the slot of the key's hash, as keys without a class."),
  z.strictObject({ place: z.literal('pin'), stream: streamReference }).describe('All keys of the class in one stream.'),
  z.strictObject({ place: z.literal('everywhere') }).describe('In every partition: read in any one, written in all.'),
]);

const partitioning = z
  .strictObject({
    classes: z
      .record(z.string().min(1), placement)
      .optional()
      .describe('Key classes by prefix; the longest prefix that fits a key decides.'),
    slots: z
      .record(z.string().regex(/^\d{1,4}(-\d{1,4})?$/), streamReference)
      .optional()
      .describe(
        "Slots ('7') and ranges of slots ('0-511') of 0 to 1023 to streams. Default for slot s of K streams: s mod K + 1.",
      ),
  })
  .describe('How keys are placed in streams.');

const limit = (name: keyof Limits, least: number, what: string): z.ZodOptional<z.ZodInt> =>
  z.int().min(least).optional().describe(`${what} Default: ${DEFAULT_LIMITS[name]}.`);

const limits = z
  .strictObject({
    commandBytesMax: limit('commandBytesMax', 64, 'One command: encoded name and arguments, bytes.'),
    frameBytesMax: limit('frameBytesMax', 1024, 'One frame from a client, bytes.'),
    entryBytesMax: limit('entryBytesMax', 1024, 'One entry of a log, bytes; a larger frame has an entry of its own.'),
    outstandingMax: limit('outstandingMax', 1, 'Commands of one client without an answer.'),
    connectionsMax: limit('connectionsMax', 1, 'Network connections to one endpoint.'),
    unreadBytesMax: limit(
      'unreadBytesMax',
      1024,
      'Replies, bytes, that a client leaves unread until it is disconnected.',
    ),
    queueBytesMax: limit('queueBytesMax', 1024, 'Commands, bytes, that a group has taken in and not executed.'),
    sessionIdleMs: limit('sessionIdleMs', 1000, 'How long an unused client session is remembered, ms.'),
    sessionsMax: limit('sessionsMax', 1, 'Client sessions that a group remembers.'),
    keptRepliesBytesMax: limit(
      'keptRepliesBytesMax',
      1024,
      'Replies, bytes, that a group keeps of all its sessions until their clients acknowledge them.',
    ),
    eventsKeptMax: limit('eventsKeptMax', 1, 'Events that a stream keeps for subscribers that were away.'),
    eventsKeptBytesMax: limit('eventsKeptBytesMax', 1024, 'Events, bytes, that a stream keeps for such subscribers.'),
    ringBytes: z
      .int()
      .min(4096)
      .max(2 ** 30)
      .refine((value) => (value & (value - 1)) === 0, 'a power of two')
      .optional()
      .describe(
        `Each ring between an in-process client and a group, bytes, a power of two. Default: ${DEFAULT_LIMITS.ringBytes}.`,
      ),
  })
  .describe('What is held back before commands or connections are refused.');

export const configSchema = z
  .strictObject({
    $schema: z.string().optional().describe('Where editors find the schema of this file.'),
    service: z.string().min(1).optional().describe('The service module, relative to this file.'),
    streams: z
      .union([z.int().min(1).max(STREAMS_MAX), z.array(stream).min(1).max(STREAMS_MAX)])
      .optional()
      .describe('How many streams, or each with its name and endpoint. Default: one per core.'),
    partitioning: partitioning.optional(),
    dataDir: z.string().min(1).optional().describe('Where logs and checkpoints are kept. Default: in memory only.'),
    durability: z
      .enum(['sync', 'async'])
      .optional()
      .describe('sync: a reply means it is on disk. async: on disk soon after. Default: sync with a dataDir.'),
    host: host.optional().describe('The network interface of all endpoints. Default: 127.0.0.1.'),
    port: port
      .optional()
      .describe("Group 0's port; stream i's is this plus i. 0: the system picks all. Default: 7400."),
    http: z
      .strictObject({ host: host.optional(), port: port.optional() })
      .optional()
      .describe('The endpoint for the dashboard, /healthz, /metrics and /stats. Default: 127.0.0.1:7390.'),
    tls: z
      .strictObject({ certFile: z.string().min(1), keyFile: z.string().min(1) })
      .optional()
      .describe('PEM files; endpoints then speak wss.'),
    token: z.string().min(1).optional().describe('The shared token that clients must give.'),
    checkpoint: z
      .strictObject({ everyBytes: z.int().min(1024).nullable().optional() })
      .optional()
      .describe('A checkpoint is taken when the logs have grown by this much. Default: 256 MiB; null: only by hand.'),
    spinUs: z.int().min(0).max(100_000).optional().describe('How long an idle worker spins before it sleeps, us.'),
    recording: z
      .boolean()
      .optional()
      .describe('Whether it records what its streams do, for /metrics and the dashboard. Default: true.'),
    limits: limits.optional(),
    cluster: clusterSchema.optional(),
  })
  .describe('Configuration of a psmr engine or server.');

export type Config = z.infer<typeof configSchema>;
export type PartitioningConfig = z.infer<typeof partitioning>;
export type StreamConfig = z.infer<typeof stream>;
