/** Clients that do things at the same time through the public interface, with everything recorded. */
import { setTimeout as pause } from 'node:timers/promises';
import type { PsmrError } from '../../src/errors.js';
import { seededRandom } from '../seeded-random.js';
import type { Recorder, Recording } from './recorder.js';

/** The part of a client that is used; a client of any service has it. */
export interface AnyClient {
  execute(name: string, args?: unknown): Promise<unknown>;
  executeBatch(commands: readonly (readonly [name: string, args?: unknown])[]): Promise<readonly AnyOutcome[]>;
}

type AnyOutcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: PsmrError };

export type AnyCommand = readonly [name: string, args?: unknown];

export interface Turn {
  readonly random: () => number;
  /** Of the client. */
  readonly client: number;
  /** How many turns the client has had. */
  readonly nth: number;
}

export interface RunOptions {
  /** One per concurrent client; a client may be there several times. */
  readonly clients: readonly AnyClient[];
  readonly durationMs: number;
  /** What a client does next: one command, or several to go in one batch. */
  readonly act: (turn: Turn) => AnyCommand | readonly AnyCommand[];
  readonly recorder: Recorder;
  readonly seed: number;
  /** How long a client waits before its next turn. Default: not at all. */
  readonly thinkMs?: (random: () => number) => number;
  /** Ends the run early. */
  readonly signal?: AbortSignal;
  /** What the checker can take. Default: no limit but the time. */
  readonly commandsMax?: number;
}

export interface RunCounts {
  readonly ok: number;
  readonly fail: number;
  readonly info: number;
}

/** With these a command certainly had no effect. Whatever else is said of it, it may have been executed. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  ...['UNKNOWN_COMMAND', 'INVALID_ARGUMENTS', 'INVALID_KEYS', 'COMMAND_TOO_LARGE', 'COMMAND_FAILED', 'UNDECLARED_KEY'],
  ...['READ_ONLY', 'NOT_DETERMINISTIC', 'OVERLOADED', 'UNREACHABLE', 'CLIENT_CLOSED'],
]);

/** So that clients without a server do not spin. */
const PAUSE_MS = 5;

/** Resolves when all that was asked for has an outcome. */
export async function recordRun(options: RunOptions): Promise<RunCounts> {
  const counts = { ok: 0, fail: 0, info: 0 };
  const end = performance.now() + options.durationMs;
  let left = options.commandsMax ?? Infinity;
  const goesOn = (): boolean => performance.now() < end && left > 0 && options.signal?.aborted !== true;
  const runClient = async (client: AnyClient, number: number): Promise<void> => {
    const random = seededRandom(options.seed + number * 7919);
    for (let nth = 0; goesOn(); nth++) {
      if (options.thinkMs !== undefined) await pause(options.thinkMs(random));
      const commands = listOf(options.act({ random, client: number, nth }));
      left -= commands.length;
      const outcomes = await recorded(client, commands, options.recorder);
      for (const outcome of outcomes) counts[outcome]++;
      if (outcomes.some((outcome) => outcome !== 'ok')) await pause(PAUSE_MS);
    }
  };
  await Promise.all(options.clients.map(runClient));
  return counts;
}

function listOf(commands: AnyCommand | readonly AnyCommand[]): readonly AnyCommand[] {
  return isOne(commands) ? [commands] : commands;
}

function isOne(commands: AnyCommand | readonly AnyCommand[]): commands is AnyCommand {
  return typeof commands[0] === 'string';
}

async function recorded(
  client: AnyClient,
  commands: readonly AnyCommand[],
  recorder: Recorder,
): Promise<(keyof RunCounts)[]> {
  const recordings = commands.map(([name, args]) => recorder.invoke(name, args));
  const [first] = commands;
  const outcomes =
    first !== undefined && commands.length === 1 ? [await single(client, first)] : await client.executeBatch(commands);
  return outcomes.map((outcome, at) => {
    const recording = recordings[at];
    if (recording === undefined) throw new Error('more outcomes than commands');
    return end(recording, outcome);
  });
}

async function single(client: AnyClient, [name, args]: AnyCommand): Promise<AnyOutcome> {
  try {
    return { ok: true, value: await client.execute(name, args) };
  } catch (error) {
    if (isPsmrError(error)) return { ok: false, error };
    throw error;
  }
}

/** By its name: the built package has a class of its own. */
function isPsmrError(error: unknown): error is PsmrError {
  return error instanceof Error && error.name === 'PsmrError';
}

function end(recording: Recording, outcome: AnyOutcome): keyof RunCounts {
  if (outcome.ok) {
    recording.ok(outcome.value);
    return 'ok';
  }
  const { code, message } = outcome.error;
  const type = WITHOUT_EFFECT.has(code) ? 'fail' : 'info';
  recording[type](`${code}: ${message}`);
  return type;
}
