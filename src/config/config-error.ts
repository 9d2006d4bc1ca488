import { PsmrError } from '../errors.js';

/**
 * INVALID_CONFIG for one field: its path, and `what` was found and is accepted. `file`: null where options were given.
 * `unknown`: the field below the path that there is none of, for programs; the sentence names it in its own words.
 */
export function invalidConfig(
  file: string | null,
  path: readonly PropertyKey[],
  what: string,
  unknown: readonly [field: string] | readonly [] = [],
): PsmrError {
  const field = pathText(path);
  const where = file === null ? 'The configuration' : `The configuration ${file}`;
  return new PsmrError('INVALID_CONFIG', `${where} is wrong${field === '' ? '' : ` at '${field}'`}: ${what}.`, {
    details: { path: pathText([...path, ...unknown]), file },
  });
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => text + stepText(step, text === ''), '');
}

function stepText(step: PropertyKey, first: boolean): string {
  if (typeof step === 'number') return `[${step}]`;
  const name = String(step);
  if (/^[A-Za-z_$][\w$]*$/.test(name)) return first ? name : `.${name}`;
  return `[${JSON.stringify(name)}]`;
}
