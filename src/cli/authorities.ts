import { readFileSync } from 'node:fs';
import { messageOf, PsmrError } from '../errors.js';

/** The PEM file of `--tls-ca`. Throws INVALID_ARGUMENT. */
export function readAuthorities(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new PsmrError('INVALID_ARGUMENT', `--tls-ca: ${file} cannot be read: ${messageOf(error)}.`, { cause: error });
  }
}
