/** What a group's channel has of its client. */
import type { PsmrError } from '../errors.js';
import type { Call } from './call.js';
import type { ClientClock } from './client-clock.js';
import type { ClientLimits } from './client-limits.js';
import type { OpenLink } from './group-link.js';

/** A command that is to be classified and queued anew, because the partition map has changed. */
export interface Rerouted {
  readonly name: string;
  readonly args: unknown;
  readonly call: Call;
  readonly slot: number;
  readonly deadline: number;
}

export interface ChannelHost {
  readonly clock: ClientClock;
  readonly limits: ClientLimits;
  readonly openLink: OpenLink;
  /** Whether reads have a link of their own, to any replica. */
  readonly readsAnywhere: boolean;
  /** Of the partition map that commands are classified by now. */
  epoch(): number;
  newSession(): Uint8Array;
  /** So many commands were answered or failed. */
  settled(count: number): void;
  /** The server has another partition map than that of `epoch`, under which these were sent. */
  reroute(commands: readonly Rerouted[], epoch: number): void;
  /** No link will ever come up again. */
  ended(error: PsmrError): void;
}
