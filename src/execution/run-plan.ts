/** What a run is going to do, found out before anything is exchanged: the same at every destination. */
import type { DeclaredKeys } from '../classifier/classify.js';
import { messageOf, PsmrError } from '../errors.js';
import type { SyncRun, SyncRunPart } from '../ordering/sync-run.js';
import { SEGMENT_EVERY_KEY } from '../transport/frames.js';
import { decodeCommandBatch } from './command-batch.js';
import type { PreparedCommand } from './command-table.js';
import type { RunEnvironment } from './run.js';

export interface PlannedCommand {
  readonly part: number;
  readonly position: number;
  readonly args: unknown;
  /** What is wrong with the command itself; then it is not run. */
  error: PsmrError | null;
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
    const position = part.firstPosition + i;
    let error: PsmrError | null = batch instanceof PsmrError ? batch : null;
    let command: PreparedCommand | null = null;
    let keys: DeclaredKeys | null = null;
    let args: unknown = null;
    if (!(batch instanceof PsmrError)) {
      args = batch.args[i];
      try {
        command = environment.table.find(batch.names[batch.indexes[i] as number] as string);
        checkSegment(command, everyKey, readOnly);
        if (command.keyed !== null) keys = environment.runner.keysOf(command, args);
      } catch (thrown) {
        error = thrown instanceof PsmrError ? thrown : new PsmrError('INVALID_ARGUMENTS', messageOf(thrown));
        command = null;
      }
    }
    planned.push({ part: place, position, args, error, command, keys });
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

export function wrongStream(command: string, key: string, owner: number): PsmrError {
  return new PsmrError(
    'WRONG_STREAM',
    `Command '${command}' was sent to another stream than key '${key}' lives in (${owner === 0 ? 'all' : owner}). ` +
      'Its client has another version of the service or of the partition map.',
  );
}
