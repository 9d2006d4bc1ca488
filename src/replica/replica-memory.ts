/**
 * What a replica must remember of its cluster beside its logs, in `replica.json` of its data directory: which directory
 * this is, with which ones the cluster was formed (formation.ts), and where replicas are that were added later.
 */
import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { replicaSchema, type ReplicaConfig } from '../config/cluster-schema.js';
import { PsmrError } from '../errors.js';
import { groupDirectory, votesDirectory } from '../storage/data-paths.js';
import { corrupt, mismatch, storageFailed } from '../storage/storage-error.js';
import { syncPath } from '../storage/sync-path.js';
import type { FormationView } from './formation.js';

const FILE = 'replica.json';
const FORMAT = 'psmr replica';

const schema = z.object({
  format: z.literal(FORMAT),
  cluster: z.string(),
  replica: z.int().min(1),
  incarnation: z.string().min(1),
  formed: z.record(z.string(), z.string()).nullable(),
  rejoining: z.boolean(),
  learned: z.array(replicaSchema),
});

type Memory = z.infer<typeof schema>;

/** What a data directory says of the replica that it is of. */
export type StoredReplica = Pick<Memory, 'cluster' | 'replica' | 'formed' | 'rejoining'>;

/** Whose data directory this is; null: not a replica's. Reads only. Throws DATA_CORRUPT. */
export function readReplica(dataDir: string): StoredReplica | null {
  const path = join(dataDir, FILE);
  const found = read(path);
  if (found === null && fs.existsSync(votesDirectory(dataDir)))
    throw corrupt(path, 0, 'it is missing, though the votes of a replica are here');
  return found;
}

type Change = Partial<Pick<Memory, 'formed' | 'rejoining' | 'learned'>>;

export class ReplicaMemory implements FormationView {
  readonly #path: string;
  #memory: Memory;

  private constructor(path: string, memory: Memory) {
    this.#path = path;
    this.#memory = memory;
  }

  /** Reads it, or begins it in a new directory. Throws DATA_CORRUPT, DATA_MISMATCH (another replica's), STORAGE_FAILED. */
  static open(dataDir: string, owner: { readonly cluster: string; readonly replica: number }): ReplicaMemory {
    const path = join(dataDir, FILE);
    try {
      const found = read(path);
      if (found !== null) {
        checkOwner(path, found, owner);
        return new ReplicaMemory(path, found);
      }
      // Written before any log is.
      if (fs.existsSync(groupDirectory(dataDir, 0))) throw corrupt(path, 0, 'it is missing, though logs are here');
      const unformed = { incarnation: randomUUID(), formed: null, rejoining: false, learned: [] };
      const memory = new ReplicaMemory(path, { format: FORMAT, ...owner, ...unformed });
      memory.#write();
      return memory;
    } catch (error) {
      throw error instanceof PsmrError ? error : storageFailed(path, error);
    }
  }

  /** Drawn at random when the data directory was made. */
  get incarnation(): string {
    return this.#memory.incarnation;
  }

  get formed(): Readonly<Record<string, string>> | null {
    return this.#memory.formed;
  }

  /** Its disk was lost: it has itself added to every group again. */
  get rejoining(): boolean {
    return this.#memory.rejoining;
  }

  /** Replicas that were added later. */
  get learned(): readonly ReplicaConfig[] {
    return this.#memory.learned;
  }

  /** Durable when it returns. Throws STORAGE_FAILED. */
  remember(change: Change): void {
    this.#memory = { ...this.#memory, ...change };
    try {
      this.#write();
    } catch (error) {
      throw storageFailed(this.#path, error);
    }
  }

  #write(): void {
    const draft = `${this.#path}.tmp`;
    fs.writeFileSync(draft, `${JSON.stringify(this.#memory, null, 2)}\n`);
    syncPath(draft);
    fs.renameSync(draft, this.#path);
    syncPath(join(this.#path, '..'));
  }
}

function read(path: string): Memory | null {
  if (!fs.existsSync(path)) return null;
  let json: unknown;
  try {
    json = JSON.parse(fs.readFileSync(path, 'utf8'));
  } catch {
    throw corrupt(path, 0, 'it is not JSON');
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw corrupt(path, 0, 'fields are missing or of the wrong type');
  return parsed.data;
}

function checkOwner(path: string, found: Memory, wanted: { cluster: string; replica: number }): void {
  if (found.cluster === wanted.cluster && found.replica === wanted.replica) return;
  throw mismatch(
    path,
    `${path} is of replica ${found.replica} of cluster ${JSON.stringify(found.cluster)}, ` +
      `not of replica ${wanted.replica} of ${JSON.stringify(wanted.cluster)}`,
  );
}
