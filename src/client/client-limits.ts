export interface ClientLimits {
  /** A command's encoded name and arguments. */
  readonly commandBytesMax: number;
  /** A whole frame, as the server accepts it. */
  readonly frameBytesMax: number;
  /** Frames of one group that may be unanswered at a time; while so many are, commands gather into larger ones. */
  readonly framesInFlightMax: number;
  /** Commands of this client that may be unanswered, queued ones included; more are refused with OVERLOADED. */
  readonly outstandingMax: number;
  /** How long a command may wait for its answer; then its call fails. Infinity: for as long as the engine lives. */
  readonly requestTimeoutMs: number;
}

export const DEFAULT_CLIENT_LIMITS: ClientLimits = {
  commandBytesMax: 1_048_576,
  frameBytesMax: 4_194_304,
  framesInFlightMax: 16,
  outstandingMax: 262_144,
  requestTimeoutMs: 30_000,
};
