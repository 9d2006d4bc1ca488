/** Replicas whose engines are pretended: their HTTP endpoints, clients and secrets are real. */
import { onTestFinished } from 'vitest';
import type { ReplicaConfig } from '../../../src/config/cluster-schema.js';
import { PsmrError } from '../../../src/errors.js';
import { adminRoutes } from '../../../src/replica/admin/admin-routes.js';
import { Guard } from '../../../src/replica/admin/guarded-route.js';
import type { Progress, ReplicaAdmin } from '../../../src/replica/admin/replica-admin.js';
import type { ReplicaStatus } from '../../../src/replica/admin/replica-status.js';
import { doesNotTakePart } from '../../../src/replica/admin/taking-part.js';
import { openHttpEndpoint, type HttpEndpoint } from '../../../src/replica/http-endpoint.js';
import type { CheckpointManifest } from '../../../src/storage/checkpoint-store.js';

export const SECRET = 'a secret of the cluster';
const NAMES = ['sync', 'hot', '2'];

export interface FakeGroup {
  leader: number;
  term: number;
  voters: number[];
}

/** What all fake replicas have in common: the truth. */
export class FakeCluster {
  readonly groups: FakeGroup[];
  readonly done: string[] = [];
  /** Calls until a change is done. */
  slowness = 2;
  /** Would not take what is handed over; 0: all would. */
  unfit = 0;
  /** What a checkpoint waits for. */
  writing: Promise<unknown> = Promise.resolve();
  readonly replicas = new Map<number, FakeReplica>();
  readonly #asked = new Map<string, number>();

  constructor(ids: readonly number[]) {
    this.groups = NAMES.map((_, group) => ({
      leader: ids[group % ids.length] ?? 1,
      term: 3 + group,
      voters: [...ids],
    }));
  }

  static async start(ids: readonly number[]): Promise<FakeCluster> {
    const cluster = new FakeCluster(ids);
    for (const id of ids) await cluster.add(id);
    return cluster;
  }

  async add(id: number): Promise<FakeReplica> {
    const replica = await FakeReplica.start(this, id);
    this.replicas.set(id, replica);
    return replica;
  }

  urlOf(id: number): string {
    return this.replicas.get(id)?.url ?? '';
  }

  replica(id: number): FakeReplica {
    const replica = this.replicas.get(id);
    if (replica === undefined) throw new Error(`no replica ${id}`);
    return replica;
  }

  group(at: number): FakeGroup {
    const group = this.groups[at];
    if (group === undefined) throw new Error(`no group ${at}`);
    return group;
  }

  /** 'under way' until it was asked for often enough. */
  progress(what: string, change: () => void): Progress {
    const asked = (this.#asked.get(what) ?? 0) + 1;
    this.#asked.set(what, asked);
    if (asked < this.slowness) return 'under way';
    this.#asked.delete(what);
    this.done.push(what);
    change();
    return 'done';
  }
}

export class FakeReplica implements ReplicaAdmin {
  readonly id: number;
  readonly #cluster: FakeCluster;
  readonly learned: ReplicaConfig[] = [];
  /** It answers, and does not take part yet. */
  isJoining = false;
  #http: HttpEndpoint | null = null;

  private constructor(cluster: FakeCluster, id: number) {
    this.#cluster = cluster;
    this.id = id;
  }

  static async start(cluster: FakeCluster, id: number): Promise<FakeReplica> {
    const replica = new FakeReplica(cluster, id);
    replica.#http = await openHttpEndpoint({
      host: '127.0.0.1',
      port: 0,
      routes: adminRoutes(replica, new Guard(SECRET)),
    });
    onTestFinished(() => replica.close());
    return replica;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#http?.address.port ?? 0}`;
  }

  async close(): Promise<void> {
    await this.#http?.close();
  }

  status(): ReplicaStatus {
    const ids = [...this.#cluster.replicas.keys()].sort((a, b) => a - b);
    return {
      replica: this.id,
      cluster: 'shop',
      service: 'bank',
      epoch: 7,
      state: this.isJoining ? 'recovering' : 'running',
      reason: null,
      transfer: null,
      upMs: 1000,
      groups: (this.isJoining ? [] : this.#cluster.groups).map(({ leader, term, voters }, group) => ({
        group,
        name: NAMES[group] ?? '',
        role: leader === this.id ? 'leader' : 'follower',
        term,
        leader,
        members: { voters, learners: [] },
        firstIndex: 1,
        lastIndex: 100 + group,
        commitIndex: 100 + group,
        executedIndex: 100 + group - this.id,
        commandsPerSecond: 1000.4,
        followers:
          leader !== this.id
            ? []
            : voters
                .filter((id) => id !== this.id)
                .map((id) => ({
                  id,
                  matchIndex: 90,
                  state: 'streaming' as const,
                  silentMs: 3,
                  unfit: id === this.#cluster.unfit,
                  lag: 10 + group,
                })),
      })),
      checkpoint: 50,
      lastAgreedCheckpoint: 50,
      replicas: ids.map((id) => ({ id, url: this.#cluster.urlOf(id), reachable: true })),
      formation: { incarnation: 'a', formed: null },
    };
  }

  async checkpoint(): Promise<CheckpointManifest> {
    this.#mustLead(0);
    this.#cluster.done.push('checkpoint');
    await this.#cluster.writing;
    return { id: 77, takenAtMs: 1, parts: [] };
  }

  async moveLeader(group: number, to: number): Promise<Progress> {
    const moved = this.#cluster.group(group);
    if (moved.leader === to) return 'done';
    this.#mustLead(group);
    return this.#cluster.progress(`move ${group} to ${to}`, () =>
      Object.assign(moved, { leader: to, term: moved.term + 1 }),
    );
  }

  async learnReplica(replica: ReplicaConfig): Promise<void> {
    if (this.isJoining) throw doesNotTakePart();
    this.learned.push(replica);
  }

  async addMember(group: number, id: number): Promise<Progress> {
    this.#mustLead(group);
    if (this.learned.every((replica) => replica.id !== id))
      throw new PsmrError('INVALID_ARGUMENT', `The address of replica ${id} is not known.`);
    return this.#cluster.progress(`add ${id} to ${group}`, () => this.#cluster.group(group).voters.push(id));
  }

  async removeMember(group: number, id: number): Promise<Progress> {
    this.#mustLead(group);
    const changed = this.#cluster.group(group);
    return this.#cluster.progress(`remove ${id} from ${group}`, () => {
      changed.voters = changed.voters.filter((each) => each !== id);
    });
  }

  #mustLead(group: number): void {
    const { leader } = this.#cluster.group(group);
    if (leader !== this.id)
      throw new PsmrError('NOT_LEADER', `Replica ${leader} leads group ${group}.`, { details: { leader } });
  }
}
