export interface ClientLimits {
  /** A command's encoded name and arguments. */
  readonly commandBytesMax: number;
  /** A whole frame, as the server accepts it. */
  readonly frameBytesMax: number;
  /**
   * Frames of one group that may be unanswered at a time; while so many are, commands gather into larger ones. Reads
   * that have a link of their own (`reads: 'any'`) count apart.
   */
  readonly framesInFlightMax: number;
  /** Commands of this client that may be unanswered, queued ones included; more are refused with OVERLOADED. */
  readonly outstandingMax: number;
  /** How long a command may wait for its answer; then its call fails. Infinity: for as long as the engine lives. */
  readonly requestTimeoutMs: number;
  /**
   * Where frames are unanswered and no reply at all has come for this long, the client asks the other replicas whether
   * one of them leads by now, and goes there. Infinity: never.
   */
  readonly silenceMs: number;
}

export const DEFAULT_CLIENT_LIMITS: ClientLimits = {
  commandBytesMax: 1_048_576,
  frameBytesMax: 4_194_304,
  framesInFlightMax: 16,
  outstandingMax: 262_144,
  requestTimeoutMs: 30_000,
  silenceMs: 1_000,
};
