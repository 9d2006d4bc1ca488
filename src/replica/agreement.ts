/**
 * Whether replicas hold the same state: each checkpoint has a hash per part, the same on every replica (section 7
 * of the design). A replica that differs must stop before more of what it computes reaches anybody. Pure.
 */
import type { CheckpointManifest } from '../storage/checkpoint-store.js';

export interface CheckpointHashes {
  readonly id: number;
  /** By part: 0 is group 0's, 1..K the streams'. */
  readonly parts: readonly string[];
}

export interface ReplicaHashes {
  readonly replica: number;
  /** The last few, oldest first. */
  readonly checkpoints: readonly CheckpointHashes[];
}

export interface Difference {
  readonly checkpoint: number;
  readonly stream: number;
  readonly hash: string;
  /** What the majority has; null: there is none, and nobody can say who is right. */
  readonly majority: string | null;
  /** Replicas that have another hash. */
  readonly others: readonly number[];
}

export interface Agreement {
  /** The newest checkpoint in which this replica and a majority of all are alike in every part; null: none. */
  readonly lastAgreed: number | null;
  /** Why this replica must stop; the oldest checkpoint's, the lowest stream's. Null: it need not. */
  readonly difference: Difference | null;
  /** Replicas that must stop for the same reason, as far as can be told, by rising number. */
  readonly differing: readonly number[];
  /** Replicas differ, and those that have not reported yet will tell who is right. The oldest; null: none. */
  readonly disputed: { readonly checkpoint: number; readonly stream: number } | null;
}

/** The last few checkpoints' hashes, for the others to compare. */
export class RecentHashes {
  static readonly KEPT = 8;
  readonly #replica: number;
  #checkpoints: CheckpointHashes[] = [];

  constructor(replica: number, complete: readonly CheckpointManifest[] = []) {
    this.#replica = replica;
    for (const manifest of complete) this.add(manifest);
  }

  add({ id, parts }: CheckpointManifest): void {
    const hashes = [...parts].sort((a, b) => a.part - b.part).map(({ hash }) => hash);
    const others = this.#checkpoints.filter((each) => each.id !== id);
    this.#checkpoints = [...others, { id, parts: hashes }].sort((a, b) => a.id - b.id).slice(-RecentHashes.KEPT);
  }

  /** Null: there is none. */
  get newest(): number | null {
    return this.#checkpoints.at(-1)?.id ?? null;
  }

  report(): ReplicaHashes {
    return { replica: this.#replica, checkpoints: this.#checkpoints };
  }
}

type Verdict = 'agreed' | 'open' | 'disputed' | { readonly majority: string | null };

/**
 * What replica `own` is to make of all reports, its own among them. `members`: all that take part. With two, a
 * difference stops both: neither can know who is right.
 */
export function decideAgreement(own: number, members: readonly number[], reports: readonly ReplicaHashes[]): Agreement {
  const taken = reports.filter(({ replica }) => members.includes(replica));
  const mine = taken.find(({ replica }) => replica === own)?.checkpoints ?? [];
  let lastAgreed: number | null = null;
  let difference: Difference | null = null;
  let disputed: Agreement['disputed'] = null;
  const differing = new Set<number>();
  const ids = [...new Set(taken.flatMap(({ checkpoints }) => checkpoints.map(({ id }) => id)))].sort((a, b) => a - b);
  for (const id of ids) {
    const ownParts = mine.find((each) => each.id === id)?.parts;
    const parts = Math.max(...taken.map(({ checkpoints }) => partsOf(checkpoints, id).length));
    let agreed = ownParts !== undefined;
    for (let part = 0; part < parts; part++) {
      const hashes = hashesOf(taken, id, part);
      for (const [replica, hash] of hashes) {
        const verdict = verdictOn(hash, hashes, members.length);
        if (typeof verdict !== 'object') continue;
        differing.add(replica);
        if (replica === own) difference ??= describeDifference(id, part, hash, verdict.majority, hashes);
      }
      const hash = hashes.get(own);
      const verdict = hash === undefined ? 'open' : verdictOn(hash, hashes, members.length);
      if (verdict === 'disputed') disputed ??= { checkpoint: id, stream: part };
      if (verdict !== 'agreed') agreed = false;
    }
    if (agreed) lastAgreed = id;
  }
  return { lastAgreed, difference, differing: [...differing].sort((a, b) => a - b), disputed };
}

function partsOf(checkpoints: readonly CheckpointHashes[], id: number): readonly string[] {
  return checkpoints.find((each) => each.id === id)?.parts ?? [];
}

/** By replica, of those that have told of this checkpoint. */
function hashesOf(reports: readonly ReplicaHashes[], id: number, part: number): Map<number, string> {
  const hashes = new Map<number, string>();
  for (const { replica, checkpoints } of reports) {
    const hash = partsOf(checkpoints, id)[part];
    if (hash !== undefined) hashes.set(replica, hash);
  }
  return hashes;
}

function verdictOn(hash: string, hashes: ReadonlyMap<number, string>, members: number): Verdict {
  const counts = new Map<string, number>();
  for (const each of hashes.values()) counts.set(each, (counts.get(each) ?? 0) + 1);
  const quorum = Math.floor(members / 2) + 1;
  const majority = [...counts].find(([, count]) => count >= quorum)?.[0];
  if (majority === hash) return 'agreed';
  if (majority !== undefined) return { majority };
  if (counts.size < 2) return 'open';
  const missing = members - hashes.size;
  const canBeSettled = [...counts.values()].some((count) => count + missing >= quorum);
  return canBeSettled ? 'disputed' : { majority: null };
}

function describeDifference(
  checkpoint: number,
  stream: number,
  hash: string,
  majority: string | null,
  hashes: ReadonlyMap<number, string>,
): Difference {
  const others = [...hashes].filter(([, each]) => each !== hash).map(([replica]) => replica);
  return { checkpoint, stream, hash, majority, others: others.sort((a, b) => a - b) };
}

/** Why a replica stops, for its operator. `names`: the groups', group 0 first. */
export function differenceText(own: number, difference: Difference, names: readonly string[]): string {
  const { checkpoint, stream, hash, majority, others } = difference;
  const where = stream === 0 ? 'the sync group' : `stream ${names[stream] ?? stream}`;
  const who = others.length === 1 ? `replica ${others[0] ?? 0}` : `replicas ${others.join(', ')}`;
  const remedy =
    majority === null
      ? 'No majority says who is right: compare the replicas with a backup before one is started again.'
      : `It is in the minority: start it with --rebuild and an empty data directory.`;
  return (
    `replica ${own} differs from ${who} in ${where} at checkpoint ${checkpoint} (hash ${hash}` +
    `${majority === null ? '' : `, theirs ${majority}`}). ${remedy} ` +
    'Look for what the service does that is not deterministic.'
  );
}
