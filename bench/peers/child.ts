import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { PsmrError } from '../../src/errors.js';

const END_MS = 10_000;

export type OutputChild = ChildProcess & { readonly stdout: Readable };

/** Starts a program whose output we read. `missing` says what to do when there is no such program. */
export async function startProgram(file: string, args: readonly string[], missing: string): Promise<OutputChild> {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(child, 'spawn');
  } catch (cause) {
    throw new PsmrError('NOT_SUPPORTED', missing, { cause });
  }
  return child;
}

/** The first line of its output that fits; rejects when the program ends without one. */
export async function lineOf(child: OutputChild, fits: (line: string) => boolean): Promise<string> {
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    if (!fits(line)) continue;
    // It may go on writing: nobody reads, but nobody must wait either.
    child.stdout.resume();
    return line;
  }
  throw new Error(`${child.spawnfile} ended before it was ready`);
}

export async function outputOf(child: OutputChild): Promise<string> {
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(child, 'close');
  return Buffer.concat(chunks).toString('utf8');
}

/** Asks it to end, and ends it where it does not. */
export async function endProgram(child: ChildProcess | null): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const deadline = setTimeout(() => child.kill('SIGKILL'), END_MS);
  await ended;
  clearTimeout(deadline);
}
