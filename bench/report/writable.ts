import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { messageOf, PsmrError } from '../../src/errors.js';

/** Better now than after minutes of measuring. Throws INVALID_ARGUMENT, naming the option; null: nothing will be written. */
export async function assertWritable(option: string, file: string | null): Promise<void> {
  if (file === null) return;
  const directory = dirname(resolve(file));
  try {
    await access(directory, constants.W_OK);
  } catch (cause) {
    const what = `${option} ${file}: nothing can be written in ${directory} (${messageOf(cause)}).`;
    throw new PsmrError('INVALID_ARGUMENT', `${what} Name a file in a directory that exists.`, { cause });
  }
}
