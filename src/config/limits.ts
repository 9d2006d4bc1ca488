/** What an engine and its clients hold back before they refuse. Each name carries its unit. */
import { PsmrError } from '../errors.js';

export interface Limits {
  /** One command's encoded name and arguments. */
  readonly commandBytesMax: number;
  /** One frame from a client. */
  readonly frameBytesMax: number;
  /** One entry of a log; a single larger frame has an entry of its own. */
  readonly entryBytesMax: number;
  /** Commands of one client without an answer. */
  readonly outstandingMax: number;
  /** Network connections to one endpoint. */
  readonly connectionsMax: number;
  /** Replies that a client leaves unread before it is disconnected. */
  readonly unreadBytesMax: number;
  /** Commands that a group has taken in and not executed. */
  readonly queueBytesMax: number;
  /** A client session that is unused for this long is forgotten. */
  readonly sessionIdleMs: number;
  /** Client sessions that a group remembers. */
  readonly sessionsMax: number;
  /** Each ring between an in-process client and a group; a power of two. */
  readonly ringBytes: number;
}

export const DEFAULT_LIMITS: Limits = {
  commandBytesMax: 1 << 20,
  frameBytesMax: 4 << 20,
  entryBytesMax: 1 << 20,
  outstandingMax: 262_144,
  connectionsMax: 20_000,
  unreadBytesMax: 16 << 20,
  queueBytesMax: 64 << 20,
  sessionIdleMs: 3_600_000,
  sessionsMax: 100_000,
  ringBytes: 256 << 10,
};

/** Fills in the defaults and checks how limits relate. Throws INVALID_CONFIG. */
export function limitsWithDefaults(limits: Partial<Limits> = {}): Limits {
  const all = { ...DEFAULT_LIMITS, ...limits };
  atLeast(all, 'frameBytesMax', 'commandBytesMax');
  atLeast(all, 'queueBytesMax', 'frameBytesMax');
  atLeast(all, 'unreadBytesMax', 'frameBytesMax');
  return all;
}

function atLeast(limits: Limits, larger: keyof Limits, smaller: keyof Limits): void {
  if (limits[larger] >= limits[smaller]) return;
  throw new PsmrError(
    'INVALID_CONFIG',
    `limits.${larger} is ${limits[larger]}, less than limits.${smaller} (${limits[smaller]}): it must be at least that.`,
    { details: { path: `limits.${larger}` } },
  );
}
