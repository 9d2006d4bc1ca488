/**
 * The first two messages on a connection: the client's HELLO, the endpoint's WELCOME (or GOODBYE). Each is one byte
 * of kind, then a MessagePack map with the fields below. A field that a reader does not know is skipped.
 */
import type { PartitionMapJson } from '../classifier/partition-map.js';
import { PartitionMap } from '../classifier/partition-map.js';
import { messageOf, PsmrError } from '../errors.js';
import { decodeValue, encodeValue } from '../execution/command-batch.js';
import {
  anything,
  bytes,
  fields,
  list,
  nullable,
  optional,
  otherwise,
  pair,
  ShapeError,
  text,
  whole,
} from '../shape.js';
import type { Check } from '../shape.js';
import { badFrame, FrameKind, PROTOCOL_VERSION, SESSION_BYTES } from './frames.js';

/** A HELLO is small; more than this is not one. */
const HELLO_BYTES_MAX = 16_384;

export interface Hello {
  readonly protocol: number;
  /** The service's name; null: whatever the endpoint runs (tools). */
  readonly service: string | null;
  readonly token: string | null;
  /** 16 bytes, or null: just learn the topology. */
  readonly session: Uint8Array | null;
}

/** Where one replica's groups are reached. */
export interface ReplicaEndpoints {
  /** 1 or more. */
  readonly id: number;
  /** As `Welcome.endpoints`. */
  readonly endpoints: readonly (readonly [host: string | null, port: number])[];
}

export interface Welcome {
  readonly protocol: number;
  readonly service: string;
  /** The group that this endpoint serves. */
  readonly group: number;
  readonly partitionMap: PartitionMapJson;
  /** Where each group is reached, group 0 first: `[host or null (the host dialled), port]`. */
  readonly endpoints: readonly (readonly [host: string | null, port: number])[];
  /** The endpoint's clock: the client takes the creation time in its session's id from it. */
  readonly nowMs: number;
  readonly frameBytesMax: number;
  /** This replica's number; 0: the service is not replicated. */
  readonly replica: number;
  /** The replica that is believed to lead each group, group 0 first; 0: not known. Empty: not replicated. */
  readonly leaders: readonly number[];
  /** All replicas, this one among them. Empty: not replicated. */
  readonly replicas: readonly ReplicaEndpoints[];
}

/** The endpoint's last word before it closes. */
export interface Goodbye {
  readonly code: string;
  readonly message: string;
  /** With NOT_LEADER: the replica that leads the group now; 0 or missing: not known. */
  readonly leader?: number | undefined;
}

const helloFields = fields({
  protocol: whole(0),
  service: nullable(text()),
  token: nullable(text()),
  session: nullable(bytes(SESSION_BYTES)),
});

const endpointFields = list(pair(nullable(text()), whole(1, 65_535)), 2);

const welcomeFields = fields({
  protocol: whole(0),
  service: text(),
  group: whole(0),
  partitionMap: anything,
  epoch: whole(0, 0xffff_ffff),
  endpoints: endpointFields,
  nowMs: whole(0),
  frameBytesMax: whole(1),
  // Servers that are not replicated may leave these out.
  replica: otherwise(whole(0), () => 0),
  leaders: otherwise(list(whole(0)), () => []),
  replicas: otherwise(list(fields({ id: whole(1), endpoints: endpointFields })), () => []),
});

const goodbyeFields = fields({ code: text(), message: text(), leader: optional(whole(0)) });

const versionField = fields({ protocol: whole(0) });

export function encodeMessage(kind: number, content: object): Uint8Array {
  const body = encodeValue(content);
  const message = new Uint8Array(1 + body.byteLength);
  message[0] = kind;
  message.set(body, 1);
  return message;
}

export function decodeFields(bytes: Uint8Array, kind: number, name: string): unknown {
  if (bytes.byteLength === 0) throw badFrame('it is empty');
  if (bytes[0] !== kind) throw badFrame(`kind ${bytes[0]} where ${name} (${kind}) was due`);
  try {
    return decodeValue(bytes.subarray(1));
  } catch {
    throw badFrame(`the body of ${name} is not valid MessagePack`);
  }
}

export function parseFields<T>(check: Check<T>, found: unknown, name: string): T {
  try {
    return check(found, '');
  } catch (thrown) {
    if (!(thrown instanceof ShapeError)) throw thrown;
    throw badFrame(`${name}${thrown.path === '' ? '' : `.${thrown.path}`}: ${thrown.message}`);
  }
}

/** A message of another protocol version may have other fields: the version is read first. */
function checkVersion(fields: unknown, peer: string): void {
  const { protocol } = parseFields(versionField, fields, peer);
  if (protocol === PROTOCOL_VERSION) return;
  const newer = protocol > PROTOCOL_VERSION;
  throw new PsmrError(
    'PROTOCOL_VERSION',
    `The ${peer} speaks protocol version ${protocol}, this side version ${PROTOCOL_VERSION}: ` +
      `upgrade psmr on ${newer ? 'this side' : `the ${peer}'s side`}.`,
    { details: { theirs: protocol, ours: PROTOCOL_VERSION } },
  );
}

export function encodeHello(hello: Hello): Uint8Array {
  const { session } = hello;
  // Where there are Buffers, msgpackr writes only those as MessagePack's own binary type, which other languages read.
  const binary = session === null || typeof Buffer === 'undefined' ? session : Buffer.from(session);
  return encodeMessage(FrameKind.hello, { ...hello, session: binary });
}

/** Throws BAD_FRAME, or PROTOCOL_VERSION where the client's differs. The session is a copy. */
export function decodeHello(bytes: Uint8Array): Hello {
  if (bytes.byteLength > HELLO_BYTES_MAX) throw badFrame(`HELLO has ${bytes.byteLength} of ${HELLO_BYTES_MAX} bytes`);
  const fields = decodeFields(bytes, FrameKind.hello, 'HELLO');
  checkVersion(fields, 'client');
  const hello = parseFields(helloFields, fields, 'HELLO');
  if (hello.session === null) return hello;
  if (hello.session.every((byte) => byte === 0)) throw badFrame('HELLO.session is all zero');
  return { ...hello, session: Uint8Array.from(hello.session) };
}

/** A map is one object for as long as it is in force: its epoch is computed once, not for each connection. */
const epochs = new WeakMap<PartitionMapJson, number>();

export function epochOf(map: PartitionMapJson): number {
  const epoch = epochs.get(map) ?? PartitionMap.fromJson(map).epoch;
  epochs.set(map, epoch);
  return epoch;
}

/** On the wire the map's epoch stands beside it, for clients that do not compute it themselves. */
export function encodeWelcome(welcome: Welcome): Uint8Array {
  return encodeMessage(FrameKind.welcome, { ...welcome, epoch: epochOf(welcome.partitionMap) });
}

/** Throws BAD_FRAME, or PROTOCOL_VERSION where the endpoint's differs. */
export function decodeWelcome(bytes: Uint8Array): Welcome {
  const fields = decodeFields(bytes, FrameKind.welcome, 'WELCOME');
  checkVersion(fields, 'server');
  const { epoch, ...welcome } = parseFields(welcomeFields, fields, 'WELCOME');
  const map = readMap(welcome.partitionMap);
  if (map.epoch !== epoch) throw badFrame(`WELCOME.epoch is ${epoch}, its partition map's is ${map.epoch}`);
  if (welcome.endpoints.length !== map.streams + 1)
    throw badFrame(`WELCOME.endpoints has ${welcome.endpoints.length} entries for ${map.streams} streams and group 0`);
  if (welcome.group > map.streams) throw badFrame(`WELCOME.group is ${welcome.group} of ${map.streams} streams`);
  checkReplicas(welcome, map.streams + 1);
  return { ...welcome, partitionMap: map.toJson() };
}

function checkReplicas({ leaders, replicas }: Pick<Welcome, 'leaders' | 'replicas'>, groups: number): void {
  if (leaders.length !== (replicas.length === 0 ? 0 : groups))
    throw badFrame(`WELCOME.leaders has ${leaders.length} entries for ${groups} groups, ${replicas.length} replicas`);
  const wrong = replicas.findIndex(({ endpoints }) => endpoints.length !== groups);
  if (wrong >= 0) throw badFrame(`WELCOME.replicas.${wrong}.endpoints does not have one entry for each group`);
  if (new Set(replicas.map(({ id }) => id)).size < replicas.length) throw badFrame('WELCOME.replicas has an id twice');
}

function readMap(json: unknown): PartitionMap {
  try {
    return PartitionMap.fromJson(json);
  } catch (thrown) {
    throw badFrame(`WELCOME.partitionMap: ${messageOf(thrown)}`);
  }
}

export function encodeGoodbye(goodbye: Goodbye): Uint8Array {
  return encodeMessage(FrameKind.goodbye, goodbye);
}

/** Throws BAD_FRAME. */
export function decodeGoodbye(bytes: Uint8Array): Goodbye {
  return parseFields(goodbyeFields, decodeFields(bytes, FrameKind.goodbye, 'GOODBYE'), 'GOODBYE');
}
