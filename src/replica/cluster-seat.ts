/**
 * One replica's place in its cluster, on the main thread: what its groups report, what an operator asks for, and the
 * state that it fetches from others when it is too far behind.
 */
import { readFileSync } from 'node:fs';
import { describeNewReplica, preferredLeader, type ClusterReplica } from '../config/cluster.js';
import type { ReplicaConfig } from '../config/cluster-schema.js';
import { errorFromWire, PsmrError } from '../errors.js';
import { notLeader } from '../ordering/not-leader.js';
import type { RaftStatus } from '../ordering/raft/raft-group-log-options.js';
import type { CheckpointManifest } from '../storage/checkpoint-store.js';
import type { ReplicaEndpoints } from '../transport/handshake.js';
import { RecentHashes, differenceText, type Agreement } from './agreement.js';
import { adminRoutes } from './admin/admin-routes.js';
import { AgreementWatch } from './admin/agreement-watch.js';
import { Guard } from './admin/guarded-route.js';
import type { Progress, ReplicaAdmin } from './admin/replica-admin.js';
import { ReplicaHttp } from './admin/replica-http.js';
import type { ReplicaGroupStatus, ReplicaState, ReplicaStatus } from './admin/replica-status.js';
import type { EngineStats } from './engine-stats.js';
import type { HttpRoute } from './http-endpoint.js';
import { PartHash } from './partition-writer.js';
import type { ReplicaSettings } from './replica-settings.js';
import type { GroupReplication } from './replicated-log.js';
import { checkpointRoutes, type CheckpointRoutes } from './transfer/checkpoint-routes.js';
import { fetchCheckpoint, type TransferProgress } from './transfer/fetch-checkpoint.js';
import type { PinnedCheckpointStore } from './transfer/pinned-checkpoint-store.js';
import type { ToWorker } from './worker-messages.js';
import type { ReplicationMessage } from './worker-pool.js';

/** A learner that lacks no more than this votes from now on: the rest comes while it does. */
const CAUGHT_UP_ENTRIES = 1000;

export interface ClusterSeatOptions {
  readonly settings: ReplicaSettings;
  readonly service: string;
  readonly epoch: number;
  /** Group 0 first. */
  readonly groupNames: readonly string[];
  readonly store: PinnedCheckpointStore;
  readonly stats: () => EngineStats;
  readonly post: (group: number, message: ToWorker) => void;
  readonly takeCheckpoint: () => Promise<CheckpointManifest>;
  /** A checkpoint of another replica is in the store: the engine has to start anew from it. */
  readonly installed: (manifest: CheckpointManifest) => void;
  /** This replica must not go on. */
  readonly failed: (error: PsmrError) => void;
  /** Something that an operator should know. */
  readonly problem: (error: PsmrError) => void;
}

interface GroupReport {
  readonly status: RaftStatus;
  readonly firstIndex: number;
  readonly reachable: readonly number[];
}

interface Rate {
  readonly atMs: number;
  readonly commands: readonly number[];
  readonly perSecond: readonly number[];
}

export class ClusterSeat implements ReplicaAdmin {
  readonly routes: readonly HttpRoute[];
  readonly #options: ClusterSeatOptions;
  readonly #reports = new Map<number, GroupReport>();
  readonly #replicas = new Map<number, ClusterReplica>();
  readonly #hashes: RecentHashes;
  readonly #watch: AgreementWatch;
  readonly #checkpointRoutes: CheckpointRoutes;
  readonly #abort = new AbortController();
  #agreement: Agreement | null = null;
  #transfer: TransferProgress | null = null;
  #state: ReplicaState = 'recovering';
  #rate: Rate = { atMs: 0, commands: [], perSecond: [] };

  constructor(options: ClusterSeatOptions) {
    this.#options = options;
    const { settings, service, epoch, store } = options;
    for (const replica of settings.cluster.replicas) this.#replicas.set(replica.id, replica);
    this.#hashes = new RecentHashes(settings.own.id, store.list());
    const guard = new Guard(settings.secret);
    this.#checkpointRoutes = checkpointRoutes({
      identity: { cluster: settings.cluster.name, service, epoch },
      store,
      hashes: () => this.#hashes.report(),
      guard,
    });
    this.routes = [...adminRoutes(this, guard), ...this.#checkpointRoutes.routes];
    this.#watch = new AgreementWatch({
      replica: settings.own.id,
      hashes: this.#hashes,
      members: () => this.#members(0),
      peers: () => this.#others().map(({ id, http }) => ({ replica: id, http })),
      decided: (agreement) => this.#decided(agreement),
    });
  }

  /** What group `group`'s worker needs to know. */
  replication(group: number): GroupReplication {
    const { settings, service } = this.#options;
    const { cluster, own, secret, tls } = settings;
    const voters = cluster.replicas.map(({ id }) => id);
    return {
      cluster: cluster.name,
      service,
      secret,
      replica: own.id,
      group,
      listen: addressIn(own.peers, group),
      tls,
      peers: this.#peers(group),
      members: { voters, learners: [] },
      preferred: preferredLeader(voters, group),
      timing: cluster.timing,
      retainBytes: cluster.retainBytes,
    };
  }

  /** For clients: how each replica is reached. */
  get endpoints(): ReplicaEndpoints[] {
    return [...this.#replicas.values()].map(({ id, clients }) => ({
      id,
      endpoints: clients.map(({ host, port }) => [host, port] as const),
    }));
  }

  start(): void {
    this.#state = 'running';
    this.#watch.start();
  }

  async close(): Promise<void> {
    this.#state = 'stopping';
    this.#abort.abort(new PsmrError('ENGINE_STOPPED', 'The replica was stopped.'));
    await this.#watch.close();
    this.#checkpointRoutes.close();
  }

  hear(group: number, message: ReplicationMessage): void {
    switch (message.type) {
      case 'raft-status':
        this.#reports.set(group, message);
        return;
      case 'problem':
        return this.#options.problem(errorFromWire(message.code, message.message));
      case 'checkpoint-needed':
        if (this.#state === 'running') void this.#fetch(message.from);
    }
  }

  completed(manifest: CheckpointManifest): void {
    this.#hashes.add(manifest);
    void this.#watch.compare();
  }

  status(): ReplicaStatus {
    const { settings, service, groupNames, stats } = this.#options;
    const { upMs, groups, lastCheckpoint } = stats();
    this.#measure(groups.map(({ commands, entries, group }) => (group === 0 ? entries : commands)));
    return {
      replica: settings.own.id,
      cluster: settings.cluster.name,
      service,
      state: this.#state,
      reason: null,
      transfer: this.#transfer,
      upMs,
      groups: groupNames.map((name, group) => this.#groupStatus(group, name, groups[group]?.executedIndex ?? 0)),
      checkpoint: lastCheckpoint,
      lastAgreedCheckpoint: this.#agreement?.lastAgreed ?? null,
      replicas: [...this.#replicas.values()].map(({ id, http }) => ({
        id,
        url: urlOf(settings, http),
        reachable: id === settings.own.id || [...this.#reports.values()].some((each) => each.reachable.includes(id)),
      })),
      formation: { incarnation: '', formed: null },
    };
  }

  checkpoint(): Promise<CheckpointManifest> {
    return this.#options.takeCheckpoint();
  }

  moveLeader(group: number, to: number): Promise<Progress> {
    return this.#asLeader(
      group,
      ({ leader }) => {
        if (leader === to) return 'done';
        this.#options.post(group, { type: 'move-leader', to });
        return 'under way';
      },
      to,
    );
  }

  learnReplica(replica: ReplicaConfig): Promise<void> {
    this.#replicas.set(replica.id, describeNewReplica(this.#options.settings.cluster, replica));
    this.#options.groupNames.forEach((_, group) =>
      this.#options.post(group, { type: 'set-peers', peers: this.#peers(group) }),
    );
    return Promise.resolve();
  }

  addMember(group: number, id: number): Promise<Progress> {
    return this.#asLeader(group, ({ membership: { voters, learners }, followers, lastIndex }) => {
      if (voters.includes(id)) return 'done';
      if (!this.#replicas.has(id))
        throw new PsmrError('INVALID_ARGUMENT', `The address of replica ${id} is not known: psmr member add tells it.`);
      const follower = followers.find((each) => each.id === id);
      const members = learners.includes(id)
        ? { voters: [...voters, id], learners: learners.filter((each) => each !== id) }
        : { voters, learners: [...learners, id] };
      const waits =
        learners.includes(id) && (follower === undefined || lastIndex - follower.matchIndex > CAUGHT_UP_ENTRIES);
      if (!waits) this.#options.post(group, { type: 'change-members', members });
      return 'under way';
    });
  }

  removeMember(group: number, id: number): Promise<Progress> {
    return this.#asLeader(group, ({ membership: { voters, learners } }) => {
      if (!voters.includes(id) && !learners.includes(id)) return 'done';
      if (voters.length === 1 && voters.includes(id))
        throw new PsmrError('NOT_SUPPORTED', `Replica ${id} is the last one of group ${group}: it cannot be removed.`);
      const without = (ids: readonly number[]): number[] => ids.filter((each) => each !== id);
      this.#options.post(group, {
        type: 'change-members',
        members: { voters: without(voters), learners: without(learners) },
      });
      return 'under way';
    });
  }

  async #asLeader(group: number, act: (status: RaftStatus) => Progress, doneIfLeads = 0): Promise<Progress> {
    const status = this.#reports.get(group)?.status;
    if (status !== undefined && doneIfLeads !== 0 && status.leader === doneIfLeads) return Promise.resolve('done');
    if (status?.role !== 'leader') throw notLeader(status?.leader ?? 0);
    return Promise.resolve(act(status));
  }

  #groupStatus(group: number, name: string, executedIndex: number): ReplicaGroupStatus {
    const report = this.#reports.get(group);
    const { role = 'follower', term = 0, leader = 0, commitIndex = 0, lastIndex = 0 } = report?.status ?? {};
    const members = report?.status.membership ?? { voters: [], learners: [] };
    const learner = members.learners.includes(this.#options.settings.own.id);
    return {
      group,
      name,
      role: learner ? 'learner' : role,
      term,
      leader,
      members,
      firstIndex: report?.firstIndex ?? 1,
      lastIndex,
      commitIndex,
      executedIndex,
      commandsPerSecond: this.#rate.perSecond[group] ?? 0,
      followers: (report?.status.followers ?? []).map((each) => ({
        ...each,
        silentMs: Math.max(0, each.silentMs),
        lag: Math.max(0, lastIndex - each.matchIndex),
      })),
    };
  }

  /** Rates over the last second or so: those who ask more often get the same figure. */
  #measure(commands: readonly number[]): void {
    const atMs = performance.now();
    const seconds = (atMs - this.#rate.atMs) / 1000;
    if (seconds < 0.9) return;
    const perSecond = commands.map((count, group) =>
      Math.max(0, (count - (this.#rate.commands[group] ?? count)) / seconds),
    );
    this.#rate = { atMs, commands, perSecond };
  }

  #members(group: number): readonly number[] {
    const voters = this.#reports.get(group)?.status.membership.voters ?? [];
    return voters.length > 0 ? voters : [...this.#replicas.keys()];
  }

  #peers(group: number): GroupReplication['peers'] {
    const { own } = this.#options.settings;
    return [...this.#replicas.values()]
      .filter(({ id }) => id !== own.id)
      .map(({ id, peers }) => ({ id, ...addressIn(peers, group) }));
  }

  #others(): { id: number; http: ReplicaHttp }[] {
    const { settings } = this.#options;
    const ca = settings.tls === null ? undefined : readFileSync(settings.tls.caFile);
    return [...this.#replicas.values()]
      .filter(({ id }) => id !== settings.own.id)
      .map(({ id, http }) => ({
        id,
        http: new ReplicaHttp({ url: urlOf(settings, http), secret: settings.secret, ca }),
      }));
  }

  #decided(agreement: Agreement): void {
    this.#agreement = agreement;
    const { difference } = agreement;
    if (difference === null) return;
    const { settings, groupNames, failed } = this.#options;
    failed(new PsmrError('ENGINE_FAILED', differenceText(settings.own.id, difference, groupNames.slice(1))));
  }

  async #fetch(from: number): Promise<void> {
    this.#state = 'fetching';
    const { settings, service, epoch, store, groupNames, installed, problem } = this.#options;
    const sources = this.#others().map(({ id, http }) => ({ replica: id, http }));
    sources.sort((a, b) => Number(b.replica === from) - Number(a.replica === from));
    const newest = store.newest()?.id ?? 0;
    try {
      const manifest = await fetchCheckpoint({
        sources,
        store,
        secret: settings.secret,
        identity: { cluster: settings.cluster.name, service, epoch },
        groups: groupNames.length,
        refuse: ({ id }) => (id > newest ? null : `checkpoint ${id} is not newer than the own one, ${newest}`),
        createHash: () => new PartHash(),
        progress: (progress) => (this.#transfer = progress),
        signal: this.#abort.signal,
      });
      installed(manifest);
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      this.#state = 'running';
      problem(error instanceof PsmrError ? error : new PsmrError('UNREACHABLE', String(error)));
    } finally {
      this.#transfer = null;
    }
  }
}

function addressIn(
  addresses: readonly { readonly host: string; readonly port: number }[],
  group: number,
): { host: string; port: number } {
  const address = addresses[group];
  if (address === undefined) throw new Error(`broken invariant: group ${group} has no address`);
  return address;
}

function urlOf({ tls }: ReplicaSettings, { host, port }: { readonly host: string; readonly port: number }): string {
  return `${tls === null ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
