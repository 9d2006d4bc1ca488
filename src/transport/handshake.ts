/**
 * The first two messages on a connection: the client's HELLO, the endpoint's WELCOME (or GOODBYE). Each is one byte
 * of kind, then MessagePack.
 */
import type { PartitionMapJson } from '../classifier/partition-map.js';

export interface Hello {
  readonly protocol: number;
  /** The service's name; null: whatever the endpoint runs (tools). */
  readonly service: string | null;
  readonly token: string | null;
  /** 16 bytes, or null: just learn the topology. */
  readonly session: Uint8Array | null;
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
}

/** The endpoint's last word before it closes. */
export interface Goodbye {
  readonly code: string;
  readonly message: string;
}
