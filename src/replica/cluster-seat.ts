/** One replica's place in its cluster, on the main thread: its parts are in this folder, a file each. */
import type { ReplicaConfig } from '../config/cluster-schema.js';
import { PsmrError } from '../errors.js';
import type { CheckpointManifest } from '../storage/checkpoint-store.js';
import type { ReplicaEndpoints } from '../transport/handshake.js';
import type { Joined } from './join-cluster.js';
import { RecentHashes, differenceText, type Agreement } from './agreement.js';
import { adminRoutes } from './admin/admin-routes.js';
import { AgreementWatch } from './admin/agreement-watch.js';
import { Guard } from './admin/guarded-route.js';
import type { Progress, ReplicaAdmin } from './admin/replica-admin.js';
import type { ReplicaState, ReplicaStatus } from './admin/replica-status.js';
import type { EngineStats } from './engine-stats.js';
import { DiskReports, LOOK_MS } from './disk-reports.js';
import { GroupReports } from './group-reports.js';
import type { HttpRoute } from './http-endpoint.js';
import { addressOf, KnownReplicas } from './known-replicas.js';
import { MemberChanges } from './member-changes.js';
import { OwnHttp } from './own-http.js';
import { PartHash } from './part-hash.js';
import { PeerWatch } from './peer-watch.js';
import { rejoin } from './rejoin.js';
import type { ReplicaSettings } from './replica-settings.js';
import type { GroupReplication } from './replicated-log.js';
import { checkpointRoutes, type CheckpointRoutes } from './transfer/checkpoint-routes.js';
import { fetchCheckpoint, type TransferProgress } from './transfer/fetch-checkpoint.js';
import type { PinnedCheckpointStore } from './transfer/pinned-checkpoint-store.js';
import type { ServerParts } from './server.js';
import type { ToWorker } from './worker-messages.js';
import type { ReplicationMessage } from './worker-pool.js';

export interface ClusterSeatOptions extends Joined {
  readonly settings: ReplicaSettings;
  readonly service: string;
  readonly epoch: number;
  /** Group 0 first. */
  readonly groupNames: readonly string[];
  readonly store: PinnedCheckpointStore;
  readonly dataDir: string;
  /** As DiskReports wants it. */
  readonly findStuckAtDisk: (group: number) => boolean;
  readonly stats: () => EngineStats;
  readonly post: (group: number, message: ToWorker) => void;
  readonly takeCheckpoint: () => Promise<CheckpointManifest>;
  /** Clients may reach others than before. */
  readonly endpointsChanged: () => void;
  /** A checkpoint of another replica is in the store: the engine has to start anew from it. */
  readonly installed: (manifest: CheckpointManifest) => void;
  /** This replica must not go on. */
  readonly failed: (error: PsmrError) => void;
  /** Something that an operator should know. `open`: what may be told everybody of it; default: its sentence. */
  readonly problem: (error: PsmrError, open?: string) => void;
  readonly notice: (sentence: string) => void;
}

export class ClusterSeat implements ReplicaAdmin {
  readonly routes: readonly HttpRoute[];
  readonly #options: ClusterSeatOptions;
  readonly #known: KnownReplicas;
  readonly #reports: GroupReports;
  readonly #disk: DiskReports;
  readonly #peers: PeerWatch;
  readonly #changes: MemberChanges;
  readonly #hashes: RecentHashes;
  readonly #watch: AgreementWatch;
  readonly #checkpointRoutes: CheckpointRoutes;
  readonly #http: OwnHttp;
  readonly #abort = new AbortController();
  #looking: NodeJS.Timeout | undefined;
  #agreement: Agreement | null = null;
  #transfer: TransferProgress | null = null;
  #state: ReplicaState = 'recovering';

  constructor(options: ClusterSeatOptions) {
    this.#options = options;
    const { settings, memory, service, epoch, store, groupNames, post } = options;
    this.#known = new KnownReplicas(settings, memory);
    this.#reports = new GroupReports(settings.own.id, groupNames);
    this.#disk = new DiskReports({ ...options, groups: groupNames.length }, performance.now());
    this.#changes = new MemberChanges(this.#reports, post);
    this.#hashes = new RecentHashes(settings.own.id, store.list());
    const guard = new Guard(settings.secret);
    this.#checkpointRoutes = checkpointRoutes({
      identity: { cluster: settings.cluster.name, service, epoch },
      store,
      hashes: () => this.#hashes.report(),
      hear: (said) => this.#watch.hear(said),
      guard,
    });
    this.#peers = new PeerWatch({ ...options, known: this.#known, reports: this.#reports, guard });
    this.routes = [...adminRoutes(this, guard), ...this.#checkpointRoutes.routes, this.#peers.route];
    this.#http = new OwnHttp(options.http, this.routes);
    this.#watch = new AgreementWatch({
      replica: settings.own.id,
      hashes: this.#hashes,
      members: () => this.#reports.membersOf(0)?.voters ?? this.#known.all.map(({ id }) => id),
      peers: () => this.#known.https(),
      decided: (agreement) => this.#decided(agreement),
      problem: options.problem,
    });
  }

  /** What group `group`'s worker needs to know. */
  replication(group: number): GroupReplication {
    const { settings, service, memory, acknowledged } = this.#options;
    const { cluster, own, secret, tls } = settings;
    // The cluster's first members are those that it was formed of: the configuration may have changed since.
    const voters = Object.keys(memory.formed ?? {}).map(Number);
    return {
      cluster: cluster.name,
      service,
      secret,
      replica: own.id,
      group,
      listen: addressOf(own.peers, group),
      tls,
      peers: this.#known.peers(group),
      members: { voters, learners: [] },
      timing: cluster.timing,
      retainBytes: cluster.retainBytes,
      acknowledged: acknowledged.get(group) ?? null,
    };
  }

  /** For clients: how each replica is reached that takes part. */
  get endpoints(): ReplicaEndpoints[] {
    return this.#known.endpoints(this.#reports.members ?? this.#known.all.map(({ id }) => id));
  }

  /** It is to serve clients: what its endpoints offer then. `token`: what clients must give; null: nothing. */
  serveClients(token: string | null): Pick<ServerParts, 'routes' | 'replica' | 'replicas' | 'httpTls' | 'openHttp'> {
    this.#peers.askClientsFor(token);
    const { own, tls } = this.#options.settings;
    const { routes, endpoints: replicas } = this;
    return {
      routes,
      replica: own.id,
      replicas,
      openHttp: this.#http.lend(),
      ...(tls === null ? {} : { httpTls: tls }),
    };
  }

  start(): void {
    this.#state = 'running';
    this.#http.open();
    this.#watch.start();
    this.#looking = setInterval(() => this.#look(), LOOK_MS);
    if (this.#options.memory.rejoining) void this.#rejoin();
  }

  async close(): Promise<void> {
    this.#state = 'stopping';
    clearInterval(this.#looking);
    this.#abort.abort(new PsmrError('ENGINE_STOPPED', 'The replica was stopped.'));
    await Promise.all([this.#watch.close(), this.#peers.close()]);
    this.#checkpointRoutes.close();
  }

  /** The last thing: until then the others see that it stops. */
  closeHttp(): Promise<void> {
    return this.#http.close();
  }

  hear(group: number, message: ReplicationMessage): void {
    switch (message.type) {
      case 'raft-status':
        this.#disk.hear(group, message.status.diskHangs);
        if (this.#reports.hear(group, message)) this.#options.endpointsChanged();
        return this.#peers.hear(group, message);
      case 'problem':
        return this.#peers.trouble(group, message);
      case 'checkpoint-needed':
        if (this.#state === 'running') void this.#fetch(message.from);
    }
  }

  completed(manifest: CheckpointManifest): void {
    this.#hashes.add(manifest);
    void this.#watch.compare();
  }

  status(): ReplicaStatus {
    const { settings, service, epoch, stats, memory } = this.#options;
    const { upMs, groups, lastCheckpoint } = stats();
    const { incarnation, formed } = memory;
    return {
      replica: settings.own.id,
      cluster: settings.cluster.name,
      service,
      epoch,
      ...this.#stateNow(groups.map(({ executedIndex }) => executedIndex)),
      transfer: this.#transfer,
      upMs,
      groups: this.#reports.statuses(groups),
      checkpoint: lastCheckpoint,
      lastAgreedCheckpoint: this.#agreement?.lastAgreed ?? null,
      replicas: this.#known.all.map((replica) => ({
        id: replica.id,
        url: this.#known.urlOf(replica),
        reachable: this.#reports.reaches(replica.id),
      })),
      formation: { incarnation, formed },
    };
  }

  checkpoint(): Promise<CheckpointManifest> {
    return this.#options.takeCheckpoint();
  }

  moveLeader(group: number, to: number): Promise<Progress> {
    return settled(() => this.#changes.moveLeader(group, to));
  }

  addMember(group: number, id: number): Promise<Progress> {
    return settled(() => this.#changes.add(group, id, this.#known.has(id)));
  }

  removeMember(group: number, id: number): Promise<Progress> {
    return settled(() => this.#changes.remove(group, id));
  }

  learnReplica(replica: ReplicaConfig): Promise<void> {
    return settled(() => {
      this.#known.learn(replica);
      this.#options.groupNames.forEach((_, group) =>
        this.#options.post(group, { type: 'set-peers', peers: this.#known.peers(group) }),
      );
      this.#options.endpointsChanged();
    });
  }

  #look(): void {
    const nowMs = performance.now();
    this.#disk.look(nowMs);
    this.#peers.look(nowMs);
  }

  #stateNow(executedIndexes: readonly number[]): Pick<ReplicaStatus, 'state' | 'reason'> {
    if (this.#state !== 'running') return { state: this.#state, reason: null };
    if (this.#peers.removed !== null) return { state: 'removed', reason: this.#peers.removed };
    const away = this.#reports.notVotingIn;
    const { id } = this.#options.settings.own;
    if (away.length > 0) {
      const how = this.#options.memory.rejoining ? 'it is being added again' : `psmr member add ${id} adds it`;
      return { state: 'rebuilding', reason: `it does not vote in group ${away.join(', ')}: ${how}` };
    }
    const reason = this.#disk.reason ?? this.#peers.difference;
    if (this.#reports.recovered(executedIndexes)) return { state: 'running', reason };
    return { state: 'recovering', reason: reason ?? this.#peers.whyAlone };
  }

  async #rejoin(): Promise<void> {
    const { settings, memory, problem } = this.#options;
    try {
      await rejoin(settings, this.#known, this.#abort.signal);
      memory.remember({ rejoining: false });
    } catch (error) {
      if (!this.#abort.signal.aborted) problem(asPsmrError(error));
    }
  }

  #decided(agreement: Agreement): void {
    this.#agreement = agreement;
    const { difference } = agreement;
    if (difference === null) return;
    const { settings, groupNames, failed } = this.#options;
    failed(new PsmrError('ENGINE_FAILED', differenceText(settings.own.id, difference, groupNames)));
  }

  async #fetch(from: number): Promise<void> {
    this.#state = 'fetching';
    const { settings, service, epoch, store, groupNames, installed, problem } = this.#options;
    const newest = store.newest()?.id ?? 0;
    try {
      const sources = this.#known.https();
      sources.sort((a, b) => Number(b.replica === from) - Number(a.replica === from));
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
      problem(asPsmrError(error));
    } finally {
      this.#transfer = null;
    }
  }
}

/** What it throws is a rejection. */
async function settled<T>(act: () => T): Promise<T> {
  return Promise.resolve(act());
}

function asPsmrError(error: unknown): PsmrError {
  return error instanceof PsmrError ? error : new PsmrError('UNREACHABLE', String(error));
}
