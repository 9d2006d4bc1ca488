/**
 * A data directory and whose it is:
 *
 *   identity.json                        service, streams, partition map: what the data was made for
 *   lock/<n>                             which process has it open (data-lock.ts)
 *   group-<g>/<first index>.segment      the logs (segment-format.ts)
 *   replica.json, votes/group-<g>        a replica's: what it knows of its cluster, its votes
 *   checkpoints/                         an LMDB environment (lmdb-checkpoint-store.ts)
 */
import * as fs from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { PsmrError } from '../errors.js';
import { IDENTITY_FILE, decodeIdentity, encodeIdentity } from './data-identity.js';
import { acquireDataLock } from './data-lock.js';
import { groupDirectory } from './data-paths.js';
import { differenceOf } from './json-difference.js';
import { checkNoLogMissing } from './missing-logs.js';
import { corrupt, foreign, mismatch, storageFailed } from './storage-error.js';
import { syncPath } from './sync-path.js';
import type { DataIdentity } from './data-identity.js';

export interface DataDir {
  readonly path: string;
  /** Whether this call created it. */
  readonly fresh: boolean;
  /** Lets go of the lock; once more does nothing. */
  release(): void;
}

function groupDirectories(path: string, streams: number): string[] {
  return Array.from({ length: streams + 1 }, (_, group) => groupDirectory(path, group));
}

const DRAFT_FILE = `${IDENTITY_FILE}.tmp`;
/** What a start that never got to its identity may leave behind. */
const UNFINISHED: ReadonlySet<string> = new Set(['lock', DRAFT_FILE]);

function readStoredIdentity(path: string): DataIdentity | null {
  const file = join(path, IDENTITY_FILE);
  if (fs.existsSync(file)) return decodeIdentity(file, fs.readFileSync(file, 'utf8'));
  const names = fs.readdirSync(path).filter((name) => !UNFINISHED.has(name));
  if (names.some((name) => /^group-\d+$/.test(name)))
    throw corrupt(file, 0, 'it is missing, though the logs of a service are here');
  if (names.length > 0) throw foreign(path, `it holds "${names[0]}" and no ${IDENTITY_FILE}`);
  return null;
}

function writeIdentity(path: string, identity: DataIdentity): void {
  const draft = join(path, DRAFT_FILE);
  fs.writeFileSync(draft, encodeIdentity(identity));
  syncPath(draft);
  fs.renameSync(draft, join(path, IDENTITY_FILE));
  syncPath(path);
  syncPath(dirname(resolve(path)));
}

function checkIdentity(path: string, found: DataIdentity, wanted: DataIdentity): void {
  const file = join(path, IDENTITY_FILE);
  if (found.service !== wanted.service)
    throw mismatch(file, `${path} holds the data of service "${found.service}", not of "${wanted.service}"`, {
      found,
      wanted,
    });
  if (found.streams !== wanted.streams)
    throw mismatch(file, `${path} was made for ${found.streams} streams, not for ${wanted.streams}`, { found, wanted });
  const difference = differenceOf(asJson(found.partitionMap), asJson(wanted.partitionMap));
  if (difference !== null)
    throw mismatch(file, `${path} was made with another partition map: ${difference}`, { found, wanted });
}

function asJson(map: unknown): unknown {
  return JSON.parse(JSON.stringify(map ?? null));
}

function makeDirectory(path: string): void {
  const stat = fs.statSync(path, { throwIfNoEntry: false });
  if (stat !== undefined && !stat.isDirectory()) throw foreign(path, 'it is a file where a directory is due');
  fs.mkdirSync(path, { recursive: true });
}

/**
 * Creates data directory `path`, or checks that it was made for the same; and locks it. Throws DATA_FOREIGN,
 * DATA_CORRUPT, DATA_MISMATCH, DATA_DIR_LOCKED, STORAGE_FAILED.
 */
export function openDataDir(path: string, identity: DataIdentity): DataDir {
  try {
    makeDirectory(path);
    readStoredIdentity(path); // before anything is put into a directory that is not psmr's
    const lock = acquireDataLock(path);
    try {
      const found = readStoredIdentity(path);
      if (found === null) writeIdentity(path, identity);
      else checkIdentity(path, found, identity);
      if (found !== null) checkNoLogMissing(groupDirectories(path, found.streams));
      return describeDir(path, found === null, lock.release);
    } catch (error) {
      lock.release();
      throw error;
    }
  } catch (error) {
    throw error instanceof PsmrError ? error : storageFailed(path, error);
  }
}

function describeDir(path: string, fresh: boolean, release: () => void): DataDir {
  let held = true;
  return {
    path,
    fresh,
    release: () => {
      if (held) release();
      held = false;
    },
  };
}

/** What data directory `path` was made for; reads only, and needs no lock. Throws DATA_FOREIGN, DATA_CORRUPT. */
export function readIdentity(path: string): DataIdentity {
  const stat = fs.statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isDirectory()) throw foreign(path, 'there is no such directory');
  const identity = readStoredIdentity(path);
  if (identity === null) throw foreign(path, `it has no ${IDENTITY_FILE}`);
  return identity;
}
