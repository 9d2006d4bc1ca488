/**
 * Gets a whole checkpoint from whichever other replica has one (section 8 of the design): parts side by side, each
 * checked as it comes and again as a whole. What one replica could not finish, the next goes on with: a part of the same
 * checkpoint is the same state everywhere.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { messageOf, PsmrError } from '../../errors.js';
import { decodeManifest } from '../../storage/lmdb-checkpoint-store.js';
import type { CheckpointManifest, CheckpointStore, PartManifest } from '../../storage/checkpoint-store.js';
import type { ReplicaHttp } from '../admin/replica-http.js';
import type { StateIdentity } from './checkpoint-routes.js';
import { LocalFailure, fetchPart, type PartHasher } from './fetch-part.js';

export interface CheckpointSource {
  readonly replica: number;
  readonly http: ReplicaHttp;
}

export interface TransferProgress {
  /** The replica that sends. */
  readonly from: number;
  readonly checkpoint: number;
  readonly bytes: number;
  readonly totalBytes: number;
}

export interface FetchOptions {
  /** Tried in this order, again and again. */
  readonly sources: readonly CheckpointSource[];
  /** The own one. What is older in there is not touched. */
  readonly store: CheckpointStore;
  readonly secret: string;
  readonly identity: StateIdentity;
  /** Parts of a checkpoint: streams and group 0. */
  readonly groups: number;
  /** Why a checkpoint is of no use here (the logs begin behind it), in words; null: it is. */
  readonly refuse: (manifest: CheckpointManifest) => string | null;
  readonly createHash: () => PartHasher;
  readonly progress?: (progress: TransferProgress) => void;
  readonly signal?: AbortSignal;
  /** How often all sources are tried. */
  readonly rounds?: number;
  readonly pauseMs?: number;
}

const newestSchema = z.object({
  cluster: z.string(),
  service: z.string(),
  epoch: z.number(),
  manifest: z.looseObject({ id: z.int().min(1) }).nullable(),
});

const PARTS_AT_ONCE = 3;
const ROUNDS = 5;
const PAUSE_MS = 1000;

/** Rejects with UNREACHABLE, which says why each replica failed, with STORAGE_FAILED, or with the signal's reason. */
export async function fetchCheckpoint(options: FetchOptions): Promise<CheckpointManifest> {
  const { sources, rounds = ROUNDS, pauseMs = PAUSE_MS, signal } = options;
  const transfer = new Transfer(options);
  const failures = new Map<number, string>();
  for (let round = 0; round < rounds; round++) {
    if (round > 0) await pause(pauseMs, undefined, signal === undefined ? {} : { signal });
    for (const source of sources) {
      try {
        return await transfer.from(source);
      } catch (thrown) {
        signal?.throwIfAborted();
        if (thrown instanceof LocalFailure) throw thrown.cause;
        failures.set(source.replica, messageOf(thrown));
      }
    }
  }
  const reasons = [...failures].map(([replica, why]) => `replica ${replica}: ${why}`).join(' ');
  throw new PsmrError(
    'UNREACHABLE',
    `No replica has given a checkpoint. ${reasons || 'There is none to ask.'} See psmr status of the others.`,
  );
}

/** What has come so far, of one checkpoint at a time. */
class Transfer {
  readonly #options: FetchOptions;
  #checkpoint = 0;
  #finished = new Map<number, PartManifest>();

  constructor(options: FetchOptions) {
    this.#options = options;
  }

  async from(source: CheckpointSource): Promise<CheckpointManifest> {
    const { store, groups, refuse } = this.#options;
    const manifest = await this.#newest(source);
    if (manifest.parts.length !== groups) throw mismatch(`it has ${manifest.parts.length} parts, here are ${groups}`);
    const useless = refuse(manifest);
    if (useless !== null) throw mismatch(useless);
    if (manifest.id !== this.#checkpoint) {
      this.#checkpoint = manifest.id;
      this.#finished = new Map();
    }
    await this.#fetchParts(source, manifest);
    const parts = [...this.#finished.values()].sort((a, b) => a.part - b.part);
    const complete = { ...manifest, parts };
    await LocalFailure.guard(() => store.complete(complete));
    return complete;
  }

  async #newest({ http }: CheckpointSource): Promise<CheckpointManifest> {
    const { identity, signal } = this.#options;
    const answer = newestSchema.safeParse(await http.get('/checkpoints/newest', signal));
    if (!answer.success) throw mismatch('what it says of its newest checkpoint lacks fields');
    const { manifest, ...told } = answer.data;
    for (const field of ['cluster', 'service', 'epoch'] as const) {
      if (told[field] === identity[field]) continue;
      throw mismatch(`its ${field} is ${JSON.stringify(told[field])}, here it is ${JSON.stringify(identity[field])}`);
    }
    if (manifest === null) throw mismatch('it has no checkpoint yet. Take one with psmr checkpoint');
    return decodeManifest(http.url, manifest.id, Buffer.from(JSON.stringify(manifest)));
  }

  async #fetchParts(source: CheckpointSource, manifest: CheckpointManifest): Promise<void> {
    const { signal = new AbortController().signal } = this.#options;
    const missing = manifest.parts.filter((part) => !this.#isFinished(part)).sort((a, b) => b.bytes - a.bytes);
    const count = this.#counter(source, manifest);
    const failures: unknown[] = [];
    const work = async (): Promise<void> => {
      for (let part = missing.shift(); part !== undefined && failures.length === 0; part = missing.shift()) {
        const options = { ...this.#options, http: source.http, signal, part, count };
        this.#finished.set(part.part, await fetchPart(options, manifest.id));
      }
    };
    // After a failure, what is under way may still come to its end: the next replica need not send it again.
    await Promise.all(
      Array.from({ length: PARTS_AT_ONCE }, () => work().catch((thrown: unknown) => failures.push(thrown))),
    );
    if (failures.length > 0) throw failures.find((thrown) => thrown instanceof LocalFailure) ?? failures[0];
  }

  /** From a replica whose chunks are cut otherwise it is the same state all the same. */
  #isFinished({ part, hash, nextIndex }: PartManifest): boolean {
    const finished = this.#finished.get(part);
    return finished !== undefined && finished.hash === hash && finished.nextIndex === nextIndex;
  }

  #counter({ replica: from }: CheckpointSource, manifest: CheckpointManifest): (bytes: number) => void {
    const totalBytes = manifest.parts.reduce((sum, part) => sum + part.bytes, 0);
    let bytes = manifest.parts.filter((part) => this.#isFinished(part)).reduce((sum, part) => sum + part.bytes, 0);
    return (more) => {
      bytes += more;
      this.#options.progress?.({ from, checkpoint: manifest.id, bytes, totalBytes });
    };
  }
}

function mismatch(what: string): PsmrError {
  return new PsmrError('DATA_MISMATCH', `${what}.`);
}
