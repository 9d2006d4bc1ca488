/** What a run is going to do, found out before anything is exchanged: the same at every destination. */
import type { DeclaredKeys } from '../classifier/classify.js';
import { messageOf, PsmrError } from '../errors.js';
import type { SyncRun, SyncRunPart } from '../ordering/sync-run.js';
import { SEGMENT_EVERY_KEY } from '../transport/frames.js';
import { decodeCommandBatch } from './command-batch.js';
import type { PreparedCommand } from './command-table.js';
import type { RunEnvironment } from './run.js';
import { maskHas, streamsOf } from './stream-set.js';

export interface PlannedCommand {
  readonly part: number;
  readonly position: number;
  readonly args: unknown;
  /** What is wrong with the command itself; then it is not run. */
  readonly error: PsmrError | null;
  readonly command: PreparedCommand | null;
  readonly keys: DeclaredKeys | null;
}

/** Decodes a run's commands and finds their keys: the same plan, and the same errors, at every destination. */
export function planRun(environment: RunEnvironment, run: SyncRun, readOnly: boolean): PlannedCommand[] {
  const planned: PlannedCommand[] = [];
  environment.runner.guarded(() => {
    run.parts.forEach((part, place) => planPart(environment, run, part, place, readOnly, planned));
  });
  return planned;
}

function planPart(
  environment: RunEnvironment,
  run: SyncRun,
  part: SyncRunPart,
  place: number,
  readOnly: boolean,
  planned: PlannedCommand[],
): void {
  const everyKey = (run.flags & SEGMENT_EVERY_KEY) !== 0;
  const batch = decodeOrFail(part);
  for (let i = 0; i < part.count; i++) {
    const base = { part: place, position: part.firstPosition + i };
    if (batch instanceof PsmrError) {
      planned.push({ ...base, args: null, error: batch, command: null, keys: null });
      continue;
    }
    const name = batch.names[batch.indexes[i] as number] as string;
    const args = batch.args[i];
    try {
      const command = environment.table.find(name);
      checkSegment(command, everyKey, readOnly);
      const keys = command.keyed === null ? null : environment.runner.keysOf(command, args);
      if (keys !== null) checkDestinations(environment, run, command.name, keys);
      planned.push({ ...base, args, error: null, command, keys });
    } catch (thrown) {
      const error = thrown instanceof PsmrError ? thrown : new PsmrError('INVALID_ARGUMENTS', messageOf(thrown));
      planned.push({ ...base, args, error, command: null, keys: null });
    }
  }
}

function decodeOrFail(part: SyncRunPart): ReturnType<typeof decodeCommandBatch> | PsmrError {
  try {
    return decodeCommandBatch(part.body, part.count);
  } catch (error) {
    if (error instanceof PsmrError) return error;
    throw error;
  }
}

function checkSegment(command: PreparedCommand, everyKey: boolean, readOnly: boolean): void {
  if ((command.everyKey !== null) === everyKey && (command.readOnly || !readOnly)) return;
  throw new PsmrError(
    'BAD_FRAME',
    `Command '${command.name}' stands in a segment whose flags do not fit it. Its client has another version of the service.`,
  );
}

/** A command that was sent to other streams than its keys live in is refused, never run in the wrong place. */
function checkDestinations(environment: RunEnvironment, run: SyncRun, name: string, keys: DeclaredKeys): void {
  const { map } = environment;
  for (const key of keys.read) {
    const owner = map.streamOf(key);
    if (owner !== 0 && !maskHas(run, owner)) throw wrongStream(name, key, owner);
  }
  for (const key of keys.write) {
    const owner = map.streamOf(key);
    const reached = owner === 0 ? streamsOf(run).length === map.streams : maskHas(run, owner);
    if (!reached) throw wrongStream(name, key, owner);
  }
}

export function wrongStream(command: string, key: string, owner: number): PsmrError {
  return new PsmrError(
    'WRONG_STREAM',
    `Command '${command}' was sent to another stream than key '${key}' lives in (${owner === 0 ? 'all' : owner}). ` +
      'Its client has another version of the service or of the partition map.',
  );
}
