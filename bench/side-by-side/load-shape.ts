import type { PeersOptions } from './options.js';

/** More cost the clients' thread and bring nothing. */
const CONNECTIONS_MAX = 10;
const PSMR_CLIENTS = 2;

/** How a row divides its unanswered commands: all have as many, or a few less where they cannot be divided. */
export function callsOf({ outstanding }: PeersOptions, batch: number): number {
  return Math.max(1, Math.floor(outstanding / batch));
}

export function connectionsOf(options: PeersOptions, batch: number): number {
  return Math.min(CONNECTIONS_MAX, callsOf(options, batch));
}

/** psmr's. */
export function clientsOf(options: PeersOptions, batch: number): { clients: number; outstanding: number } {
  const clients = Math.min(PSMR_CLIENTS, callsOf(options, batch));
  return { clients, outstanding: Math.max(batch, Math.floor(options.outstanding / clients)) };
}
