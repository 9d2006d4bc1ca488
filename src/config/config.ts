/**
 * psmr.config.json: its schema (also written out as psmr.config.schema.json, for editors), and reading it. Every
 * error names the path of the wrong field, what it found and what it accepts.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { messageOf, PsmrError } from '../errors.js';
import { STREAMS_MAX } from '../transport/frames.js';
import { DEFAULT_LIMITS } from './limits.js';

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

const streamReference = z.union([z.int().min(1).max(STREAMS_MAX), streamName]);

const placement = z.discriminatedUnion('place', [
  z.strictObject({ place: z.literal('hash') }).describe("By the slot of the key's hash."),
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
      .record(z.string().regex(/^\d{1,4}(-\d{1,4})?$/, "a slot such as '7' or a range such as '0-511'"), streamReference)
      .optional()
      .describe('Slots (0 to 1023) to streams. Slots that are not named are spread evenly.'),
  })
  .describe('How keys are placed in streams.');

const bytes = (name: keyof typeof DEFAULT_LIMITS, least = 1): z.ZodOptional<z.ZodInt> =>
  z.int().min(least).optional().describe(`Default: ${DEFAULT_LIMITS[name]}.`) as z.ZodOptional<z.ZodInt>;

const limits = z.strictObject({
  commandBytesMax: bytes('commandBytesMax'),
  frameBytesMax: bytes('frameBytesMax', 1024),
  entryBytesMax: bytes('entryBytesMax', 1024),
  outstandingMax: bytes('outstandingMax'),
  connectionsMax: bytes('connectionsMax'),
  unreadBytesMax: bytes('unreadBytesMax', 1024),
  queueBytesMax: bytes('queueBytesMax', 1024),
  sessionIdleMs: bytes('sessionIdleMs', 1000),
  sessionsMax: bytes('sessionsMax'),
  ringBytes: z
    .int()
    .min(4096)
    .max(2 ** 30)
    .refine((value) => (value & (value - 1)) === 0, 'a power of two')
    .optional()
    .describe(`Default: ${DEFAULT_LIMITS.ringBytes}.`),
});

export const configSchema = z
  .strictObject({
    $schema: z.string().optional(),
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
    port: port.optional().describe("Group 0's port; stream i's is this plus i. Default: 7400."),
    http: z
      .strictObject({ host: host.optional(), port: port.optional() })
      .optional()
      .describe('The endpoint for /healthz, /metrics and /stats. Default: 127.0.0.1:7390.'),
    tls: z
      .strictObject({ certFile: z.string().min(1), keyFile: z.string().min(1) })
      .optional()
      .describe('PEM files; endpoints then speak wss.'),
    token: z.string().min(1).optional().describe('The shared token that clients must give.'),
    checkpoint: z
      .strictObject({ everyBytes: z.int().min(1024).nullable().optional() })
      .optional()
      .describe('A checkpoint is taken when the logs have grown by this much. Default: 256 MiB; null: only by hand.'),
    spinUs: z.int().min(0).max(100_000).optional().describe('How long a worker spins before it sleeps, us.'),
    limits: limits.optional(),
  })
  .describe('Configuration of a psmr engine or server.');

export type Config = z.infer<typeof configSchema>;
export type PartitioningConfig = z.infer<typeof partitioning>;
export type StreamConfig = z.infer<typeof stream>;

/** Checks a configuration. Throws INVALID_CONFIG. `file` is named in the error. */
export function parseConfig(json: unknown, file: string | null = null): Config {
  const parsed = configSchema.safeParse(json, { reportInput: true });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalidConfig(file, issue === undefined ? [] : deepest(issue).path, describe(issue));
}

/** Reads and checks a configuration file. Throws INVALID_CONFIG. */
export function loadConfig(file: string): Config {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new PsmrError('INVALID_CONFIG', `The configuration ${file} cannot be read: ${messageOf(error)}.`, {
      cause: error,
      details: { file },
    });
  }
  return parseConfig(parseJson(text, file), file);
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const at = /position (\d+)/.exec(messageOf(error))?.[1];
    const before = at === undefined ? '' : text.slice(0, Number(at));
    const place = at === undefined ? '' : ` at line ${before.split('\n').length}, column ${before.length - before.lastIndexOf('\n')}`;
    throw new PsmrError('INVALID_CONFIG', `The configuration ${file} is not JSON${place}: ${messageOf(error)}.`, {
      cause: error,
      details: { file },
    });
  }
}

type Issue = z.core.$ZodIssue;

/** The most telling issue inside a union: the one of the branch that got furthest. */
function deepest(issue: Issue): Issue {
  if (issue.code !== 'invalid_union') return issue;
  const inner = issue.errors
    .flat()
    .map((one) => ({ ...one, path: [...issue.path, ...one.path] }))
    .sort((a, b) => b.path.length - a.path.length)[0];
  return inner === undefined || inner.path.length === issue.path.length ? issue : deepest(inner);
}

function describe(outer: Issue | undefined): string {
  if (outer === undefined) return 'it is wrong';
  const issue = deepest(outer);
  const found = `found ${JSON.stringify(issue.input) ?? String(issue.input)}`;
  switch (issue.code) {
    case 'unrecognized_keys':
      return `unknown field ${issue.keys.map((key) => `'${key}'`).join(', ')}; see psmr.config.schema.json for what there is`;
    case 'invalid_union':
      return `${found}; it accepts ${issue.errors.flatMap((errors) => errors.map((one) => one.message)).join(', or ')}`;
    case 'invalid_value':
      return `${found}; it accepts ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    default:
      return `${found}; it accepts ${issue.message}`;
  }
}

export function invalidConfig(file: string | null, path: readonly PropertyKey[], what: string): PsmrError {
  const field = path.reduce<string>((text, step) => text + pathStep(step, text === ''), '');
  const where = file === null ? 'The configuration' : `The configuration ${file}`;
  return new PsmrError('INVALID_CONFIG', `${where} is wrong at '${field === '' ? '(top)' : field}': ${what}.`, {
    details: { path: field, file },
  });
}

function pathStep(step: PropertyKey, first: boolean): string {
  if (typeof step === 'number') return `[${step}]`;
  const name = String(step);
  if (/^[A-Za-z_$][\w$]*$/.test(name)) return first ? name : `.${name}`;
  return `[${JSON.stringify(name)}]`;
}
