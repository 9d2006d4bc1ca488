/** Reading psmr.config.json. Every error names the path of the wrong field, what it found and what it accepts. */
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import { createPartitionMap } from '../classifier/create-partition-map.js';
import { messageOf, PsmrError } from '../errors.js';
import { acceptedAt, fieldsAt } from './accepted.js';
import { checkCluster } from './cluster-check.js';
import { closestName } from './closest-name.js';
import { invalidConfig } from './config-error.js';
import { configSchema, type Config } from './config-schema.js';
import { findJsonFault } from './json-text.js';
import { limitsWithDefaults } from './limits.js';

export type { Config, PartitioningConfig, StreamConfig } from './config-schema.js';

const SHOWN_LENGTH_MAX = 60;

/** Checks a configuration, field by field. Throws INVALID_CONFIG. `file` is named in the error. */
export function parseConfig(json: unknown, file: string | null = null): Config {
  const parsed = configSchema.safeParse(json, { reportInput: true });
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(deepest);
  const [first] = issues;
  if (first === undefined) throw invalidConfig(file, [], 'it does not fit its schema');
  const issue = mistypingOf(first, issues) ?? first;
  throw invalidConfig(file, issue.path, complaint(issue), unknownField(issue));
}

/** Reads and checks a configuration file, and how its fields relate. Throws INVALID_CONFIG. */
export function loadConfig(file: string): Config {
  const config = parseConfig(parseJson(readText(file), file), file);
  limitsWithDefaults(config.limits, file);
  if (config.streams !== undefined) {
    createPartitionMap({ streams: config.streams, partitioning: config.partitioning }, file);
  }
  checkCluster(config, file);
  return config;
}

function readText(file: string): string {
  try {
    // Some editors begin a file with a byte order mark.
    return readFileSync(file, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    throw new PsmrError('INVALID_CONFIG', `The configuration ${file} cannot be read: ${messageOf(error)}.`, {
      cause: error,
      details: { file },
    });
  }
}

function parseJson(text: string, file: string): unknown {
  const fault = findJsonFault(text);
  if (fault === null) return JSON.parse(text);
  const { line, column, character } = fault;
  const what = character === null ? 'it ends too early' : `${JSON.stringify(character)} cannot stand there`;
  throw new PsmrError(
    'INVALID_CONFIG',
    `The configuration ${file} is not JSON at line ${line}, column ${column}: ${what}. ` +
      'JSON has double quotes, no comments and no comma before a closing bracket.',
    { details: { file, line, column } },
  );
}

type Issue = z.core.$ZodIssue;

/** The most telling issue inside a union: that of the branch that got furthest. */
function deepest(issue: Issue): Issue {
  if (issue.code !== 'invalid_union') return issue;
  const inner = issue.errors
    .flat()
    .map((one): Issue => ({ ...one, path: [...issue.path, ...one.path] }))
    .map(deepest)
    .sort((a, b) => b.path.length - a.path.length)[0];
  return inner === undefined || inner.path.length === issue.path.length ? issue : inner;
}

/** A field that is missing may be there under a wrong name, which says more. */
function mistypingOf(missing: Issue, issues: readonly Issue[]): Issue | null {
  if (missing.code !== 'invalid_type' || missing.input !== undefined) return null;
  const parent = missing.path.slice(0, -1);
  const isMeant = (name: string): boolean => closestName(name, fieldsAt(parent)) === missing.path.at(-1);
  const mistyped = issues.find(
    (each) =>
      each.code === 'unrecognized_keys' && each.keys.some(isMeant) && isDeepStrictEqual([...each.path], [...parent]),
  );
  return mistyped?.code === 'unrecognized_keys' ? { ...mistyped, keys: mistyped.keys.filter(isMeant) } : null;
}

function complaint(issue: Issue): string {
  if (issue.code === 'unrecognized_keys') return unknownFields(issue.keys, issue.path);
  if (issue.code === 'custom') return `found ${shown(issue)}; it accepts ${issue.message}`;
  if (issue.code === 'invalid_key') return `its name is wrong; it accepts ${acceptedNames(issue.path)}`;
  return `found ${shown(issue)}; it accepts ${acceptedAt(issue.path)}`;
}

function unknownFields(unknown: readonly string[], path: readonly PropertyKey[]): string {
  const [name = ''] = unknown;
  const fields = fieldsAt(path);
  const meant = closestName(name, fields);
  const hint = meant === null ? '' : ` (did you mean '${meant}'?)`;
  return `there is no field '${name}'${hint}; it accepts ${fields.join(', ')}`;
}

function unknownField(issue: Issue): [string] | [] {
  const [name] = issue.code === 'unrecognized_keys' ? issue.keys : [];
  return name === undefined ? [] : [name];
}

function acceptedNames(path: readonly PropertyKey[]): string {
  return path.includes('slots')
    ? "a slot such as '7', or a range such as '0-511'"
    : 'a prefix of one character or more';
}

function shown(issue: Issue): string {
  const { input, path } = issue;
  // A configuration error ends up in logs.
  if (path[0] === 'token' || path.at(-1) === 'secret') return 'a value that is not shown here';
  // Where a field tells kinds of objects apart, the input is the object.
  const isKind = issue.code === 'invalid_union' && issue.discriminator !== undefined && isObject(input);
  const value: unknown = isKind ? Reflect.get(input, issue.discriminator ?? '') : input;
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}...` : text;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
