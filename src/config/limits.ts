/** What an engine and its clients hold back before they refuse. Each name carries its unit. */
import { invalidConfig } from './config-error.js';

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
  /** Replies that a group keeps, of all its sessions, until their clients acknowledge them. */
  readonly keptRepliesBytesMax: number;
  /** Events that a stream keeps, so that a subscriber that was away goes on where it was. */
  readonly eventsKeptMax: number;
  /** The same, in bytes. */
  readonly eventsKeptBytesMax: number;
  /** Each ring between an in-process client and a group; a power of two. */
  readonly ringBytes: number;
}

type PartialLimits = { readonly [Name in keyof Limits]?: number | undefined };

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
  keptRepliesBytesMax: 256 << 20,
  eventsKeptMax: 65_536,
  eventsKeptBytesMax: 16 << 20,
  ringBytes: 256 << 10,
};

/** The first must be at least the second, or what the second allows would never get through. */
const AT_LEAST: readonly (readonly [larger: keyof Limits, smaller: keyof Limits])[] = [
  ['frameBytesMax', 'commandBytesMax'],
  ['queueBytesMax', 'frameBytesMax'],
  ['unreadBytesMax', 'frameBytesMax'],
];

/** Fills in the defaults and checks how limits relate. Throws INVALID_CONFIG, naming `file` if there is one. */
export function limitsWithDefaults(limits: PartialLimits = {}, file: string | null = null): Limits {
  const all = { ...DEFAULT_LIMITS };
  for (const name of Object.keys(all) as (keyof Limits)[]) all[name] = limits[name] ?? all[name];
  for (const [larger, smaller] of AT_LEAST) {
    if (all[larger] >= all[smaller]) continue;
    const found = `${all[larger]}, less than limits.${smaller} (${all[smaller]})`;
    throw invalidConfig(file, ['limits', larger], `found ${found}; it accepts no less than that`);
  }
  return all;
}
