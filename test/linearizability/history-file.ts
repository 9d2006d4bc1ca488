/** Histories as files; `history.ts` has the format. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { z } from 'zod';
import { type CheckOptions, checkLinearizable, type Verdict } from './checker.js';
import { HistoryError, type HistoryEvent, operationsOf } from './history.js';
import type { Model } from './model.js';
import type { Operation } from './operation.js';

/** Appends to a file: each event is with the system, as a whole line, when `write` returns. */
export class HistoryFile {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'a');
  }

  readonly write = (event: HistoryEvent): void => {
    const line = Buffer.from(`${JSON.stringify(event)}\n`);
    for (let written = 0; written < line.length;) written += writeSync(this.#file, line, written);
  };

  close(): void {
    closeSync(this.#file);
  }
}

const eventSchema = z.object({
  process: z.number(),
  type: z.enum(['invoke', 'ok', 'fail', 'info']),
  command: z.string(),
  value: z.unknown(),
  time: z.number(),
});

/**
 * Reads a history, or several of the same run. A last line without an end was cut off when its writer was killed, before
 * anything that it says was done: it is left out. Throws HistoryError, naming the line.
 */
export function readHistory(...paths: readonly string[]): Operation[] {
  const read = paths.flatMap((path) => readEvents(path));
  return operationsOf(
    read.map(({ event }) => event),
    read.map(({ line }) => line),
  );
}

function readEvents(path: string): { event: HistoryEvent; line: number }[] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((text, at) => ({ event: eventOf(text, at + 1, path), line: at + 1 }));
}

function eventOf(text: string, line: number, path: string): HistoryEvent {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new HistoryError('no JSON', line, `'${text.slice(0, 40)}' is no JSON`, path);
  }
  const event = eventSchema.safeParse(json);
  if (event.success) return event.data;
  const [issue] = event.error.issues;
  throw new HistoryError('no event', line, `'${issue?.path.join('.') ?? ''}': ${issue?.message ?? ''}`, path);
}

/** Whether the history in a file, or in several of the same run, is linearizable. */
export function checkHistory<State, Call>(
  model: Model<State, Call>,
  paths: readonly string[],
  options: CheckOptions = {},
): Verdict {
  return checkLinearizable(model, readHistory(...paths), options);
}
