/** identity.json: `{ format, version, crc32, identity }`; the crc32 is of the identity's JSON. */
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { PsmrError } from '../errors.js';
import { corrupt, foreign } from './storage-error.js';

export const IDENTITY_FILE = 'identity.json';
const FORMAT = 'psmr data directory';
const VERSION = 1;

/** What a data directory was made for and cannot be used without. */
export interface DataIdentity {
  readonly service: string;
  readonly streams: number;
  /** Any JSON. */
  readonly partitionMap?: unknown;
}

const headSchema = z.object({ format: z.literal(FORMAT), version: z.number() });
const fileSchema = headSchema.extend({
  crc32: z.string(),
  identity: z.object({ service: z.string(), streams: z.number().int(), partitionMap: z.unknown() }),
});

function checksum(identity: unknown): string {
  return crc32(JSON.stringify(identity)).toString(16).padStart(8, '0');
}

export function encodeIdentity({ service, streams, partitionMap = null }: DataIdentity): string {
  const identity = { service, streams, partitionMap };
  return `${inLines({ format: FORMAT, version: VERSION, crc32: checksum(identity), identity })}\n`;
}

/** JSON with a line per field, also of objects inside, and a line per list: a partition map has 1,024 slots. */
function inLines(value: unknown, margin = ''): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return JSON.stringify(value);
  const fields = Object.entries(value).map(
    ([name, item]) => `${margin}  ${JSON.stringify(name)}: ${inLines(item, `${margin}  `)}`,
  );
  return fields.length === 0 ? '{}' : `{\n${fields.join(',\n')}\n${margin}}`;
}

/** Reads identity.json. Throws DATA_CORRUPT, DATA_FOREIGN, DATA_MISMATCH (written by a newer psmr). */
export function decodeIdentity(file: string, text: string): DataIdentity {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw corrupt(file, 0, 'it is not JSON');
  }
  const head = headSchema.safeParse(json);
  if (!head.success) throw foreign(file, `it does not say "format": "${FORMAT}"`);
  if (head.data.version !== VERSION) {
    const sentence = `${file} has version ${head.data.version} of the format; this psmr reads version ${VERSION}. Use the psmr that wrote it.`;
    throw new PsmrError('DATA_MISMATCH', sentence, { details: { file } });
  }
  const parsed = fileSchema.safeParse(json);
  if (!parsed.success) throw corrupt(file, 0, 'fields are missing or of the wrong type');
  if (parsed.data.crc32 !== checksum(parsed.data.identity))
    throw corrupt(file, 0, 'its checksum does not fit its content');
  return parsed.data.identity;
}
