import { setTimeout as pause } from 'node:timers/promises';
import type { PartitionMap } from '../classifier/partition-map.js';
import type { Client } from '../client/client.js';
import { RingHub } from '../client/ring-link.js';
import { messageOf, PsmrError } from '../errors.js';
import { ControlBlock, EngineState } from '../memory/control-block.js';
import { Doorbell } from '../memory/doorbell.js';
import type { Service } from '../service/command.js';
import type { ServiceDefinition } from '../service/define-service.js';
import type { CheckpointManifest } from '../storage/checkpoint-store.js';
import type { DataDir } from '../storage/data-dir.js';
import { clientOfPort } from './attach.js';
import { EngineEndpoints } from './engine-endpoints.js';
import { engineFailure } from './engine-failure.js';
import { EngineCheckpoints } from './engine-checkpoints.js';
import {
  clientMemoryOf,
  createClientMemory,
  createEngineMemory,
  isOpen,
  type ClientMemory,
  type EngineMemory,
} from './engine-memory.js';
import type { EngineOptions, ResolvedEngineOptions } from './engine-options.js';
import { EngineRecording } from './engine-recording.js';
import type { EngineParts, ReplicaParts } from './engine-parts.js';
import type { EnginePort } from './engine-port.js';
import { readGroupStats, type EngineStats } from './engine-stats.js';
import type { ReplicaStatus } from './admin/replica-status.js';
import type { ClusterSeat } from './cluster-seat.js';
import { handOverAll } from './hand-over.js';
import { announceFeed, EngineFeed, type Feed } from './feed.js';
import { CLIENT_BELL_WORD } from './ring-client.js';
import { PinnedCheckpointStore } from './transfer/pinned-checkpoint-store.js';
import type { ListenOptions, Listening } from './server.js';
import type { WorkerPool } from './worker-pool.js';
import type { WorkerTask } from './worker-messages.js';

/** Workers get 10 s to close what they hold open; then it is told why the engine failed, whether they have ended or not. */
const STOP_WITHIN_MS = 12_000;

/**
 * A service executed in parallel on this machine: one ordered log, one worker thread and one partition of the state per
 * stream, and a group 0 that orders the commands that touch several.
 *
 * @example
 * const engine = await Engine.start({ service: new URL('./bank.js', import.meta.url), streams: 4, dataDir: './data' });
 * const client = engine.client<typeof bank>();
 * await client.execute('transfer', { from: 'a', to: 'b', amount: 5 });
 * await engine.stop();
 */
export class Engine {
  readonly #options: ResolvedEngineOptions;
  readonly #service: Service;
  readonly #map: PartitionMap;
  readonly #memory: EngineMemory;
  readonly #control: ControlBlock;
  readonly #recording: EngineRecording;
  readonly #dataDir: DataDir | null;
  readonly #store: PinnedCheckpointStore;
  /** Null: not a replica of a cluster. */
  readonly #seat: ClusterSeat | null;
  readonly #pool: WorkerPool;
  readonly #checkpoints: EngineCheckpoints;
  readonly #endpoints = new EngineEndpoints();
  #clients: ClientMemory[] = [];
  #nextClient = 1;
  readonly #started = performance.now();
  readonly #failure: Promise<PsmrError>;
  #reportFailure: (error: PsmrError) => void = () => undefined;
  #feed: Feed | null = null;
  #failed: PsmrError | null = null;
  #stopping: Promise<void> | null = null;

  /**
   * Starts the workers and, with a `dataDir`, recovers what was there: the newest complete checkpoint, then the logs.
   * A replica of a cluster waits for the others, the first time for all. Errors: INVALID_CONFIG, INVALID_SERVICE, those
   * of the data directory (DATA_DIR_LOCKED, DATA_MISMATCH, ...), DUPLICATE_REPLICA, ADDRESS_IN_USE (a replica's HTTP
   * endpoint), ENGINE_STOPPED (by `signal`).
   */
  static async start(options: EngineOptions): Promise<Engine> {
    // Loaded where an engine starts: every worker loads this module with its service, and starting many is mostly loading.
    const { resolveEngineOptions } = await import('./engine-options.js');
    const { madeOf, openEngineParts } = await import('./engine-parts.js');
    const resolved = resolveEngineOptions(options);
    const engine = await madeOf(await openEngineParts(resolved, options), (parts) => new Engine(resolved, parts));
    try {
      await engine.#recover();
      return engine;
    } catch (error) {
      // What it failed by may keep it from stopping; then it is told of all the same.
      await Promise.race([engine.stop(), engine.failure]);
      throw error;
    }
  }

  private constructor(options: ResolvedEngineOptions, parts: EngineParts) {
    const { service, map, dataDir, replica, store } = parts;
    this.#options = options;
    this.#service = service;
    this.#map = map;
    this.#dataDir = dataDir;
    this.#store = new PinnedCheckpointStore(store);
    this.#memory = createEngineMemory(map.streams);
    this.#control = new ControlBlock(this.#memory.control);
    this.#recording = new EngineRecording(options.recording, ['sync', ...map.names], Object.keys(service.commands));
    this.#failure = new Promise((resolve) => {
      this.#reportFailure = resolve;
    });
    this.#checkpoints = new EngineCheckpoints({
      groups: map.streams + 1,
      store: this.#store,
      order: () => this.#orderCheckpoint(),
      truncate: (group, below) => this.#pool.post(group, { type: 'truncate', below }),
      completed: (manifest) => this.#checkpointed(manifest),
      failed: (error) => this.#failWith(`a checkpoint cannot be completed: ${error.message}`, error),
      logBytes: () => this.stats().groups.reduce((total, group) => total + group.logBytes, 0),
    });
    this.#seat = replica === null ? null : this.#takeSeat(replica);
    this.#pool = parts.startPool(this.#tasks(store.newest()), {
      checkpoint: (message) => this.#checkpoints.follow(message),
      replication: (group, message) => {
        this.#recording.replication(group, message);
        this.#seat?.hear(group, message);
      },
      slow: (group, message) => this.#recording.slow(group, message),
      recovered: () => undefined,
      died: (group, error) => this.#fail(group, error),
    });
  }

  /** Number of streams. */
  get streams(): number {
    return this.#map.streams;
  }

  /** Resolves if the engine ever stops by itself, with the reason. Every pending call has been rejected by then. */
  get failure(): Promise<PsmrError> {
    return this.#failure;
  }

  /** How this replica sees itself and its cluster; null: it is none. */
  status(): ReplicaStatus | null {
    return this.#seat?.status() ?? null;
  }

  /** A client in this thread. Any number may be open; each has its own rings. */
  client<S extends ServiceDefinition>(): Client<S> {
    return clientOfPort<S>(this.port(), this.#service);
  }

  /** A client to be: post it to any thread and turn it into a client there with `attach`. One port, one client. */
  port(): EnginePort {
    this.#assertRunning();
    const { limits, serviceUrl } = this.#options;
    const memory = createClientMemory(this.#nextClient++, this.#map.streams + 1, limits.ringBytes);
    this.#clients = this.#clients.filter(isOpen);
    this.#clients.push(memory);
    for (let group = 0; group <= this.#map.streams; group++) {
      this.#pool.post(group, { type: 'add-client', client: clientMemoryOf(memory, group) });
    }
    return {
      kind: 'psmr-engine-port',
      serviceUrl,
      partitionMap: this.#map.toJson(),
      limits,
      control: this.#memory.control,
      memory,
    };
  }

  /**
   * Feeds the engine from a log of your own, instead of the group logs' own ordering (docs/embedding.md). One feed per
   * engine, in memory (your log is the durable one), opened before clients have executed anything; from then on clients
   * may only read, and one stream at a time. Errors: FEED_ORDER, NOT_SUPPORTED.
   */
  feed(): Feed {
    this.#assertRunning();
    if (this.#feed !== null) throw new PsmrError('FEED_ORDER', 'This engine is fed already: one feed per engine.');
    if (this.#dataDir !== null) {
      throw new PsmrError(
        'NOT_SUPPORTED',
        'An engine that is fed keeps no log of its own: yours is the durable one. Start it without a dataDir.',
      );
    }
    if (this.stats().groups.some((group) => group.lastIndex > 0)) {
      throw new PsmrError(
        'FEED_ORDER',
        'Clients have executed commands already, which are not in your log. Open the feed first, right after Engine.start.',
      );
    }
    const { limits } = this.#options;
    const memory = announceFeed(this.#control, this.#map.streams + 1, limits.ringBytes, (group, client) =>
      this.#pool.post(group, { type: 'add-feed', client }),
    );
    this.#clients.push(memory);
    const hub = new RingHub({ control: this.#memory.control, ...memory });
    this.#feed = new EngineFeed({
      service: this.#service,
      map: this.#map,
      limits,
      open: (group, handlers) => hub.open(group, handlers),
    });
    return this.#feed;
  }

  /** Writes a consistent cut of the whole state while commands run; resolves when it is complete. */
  async checkpoint(): Promise<CheckpointManifest> {
    this.#assertRunning();
    return this.#checkpoints.take();
  }

  stats(): EngineStats {
    const groups = readGroupStats(this.#memory.counters, this.#map.names);
    const sum = (name: 'commands' | 'failedCommands' | 'keys'): number =>
      groups.reduce((total, group) => total + group[name], 0);
    return {
      service: this.#service.name,
      streams: this.#map.streams,
      upMs: performance.now() - this.#started,
      commands: sum('commands'),
      failedCommands: sum('failedCommands'),
      keys: sum('keys'),
      checkpoints: this.#checkpoints.count,
      lastCheckpoint: this.#checkpoints.last,
      groups,
      recorded: this.#recording.read(),
    };
  }

  /**
   * Opens an endpoint per group, and the HTTP endpoint where one is configured: all or none. While they are open, or
   * being opened, further calls get the same. Errors: ADDRESS_IN_USE, INVALID_CONFIG.
   */
  async listen(options: ListenOptions = {}): Promise<Listening> {
    this.#assertRunning();
    const listening = { ...this.#options.listen, ...options };
    return this.#endpoints.open(() => ({
      options: listening,
      limits: this.#options.limits,
      service: this.#service.name,
      map: this.#map,
      pool: this.#pool,
      stats: () => this.stats(),
      status: () => this.status(),
      events: this.#recording.events,
      healthy: () => this.#control.state === EngineState.running,
      ...this.#seat?.serveClients(listening.token ?? null),
    }));
  }

  /** Closes endpoints, logs and threads. Calls without an answer reject with ENGINE_STOPPED. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #recover(): Promise<void> {
    await this.#pool.nextOfAll('ready');
    const recovered = this.#pool.nextOfAll('recovered');
    this.#pool.postAll({ type: 'go' });
    // A replica learns from the others how much of its logs is committed; that may take as long as a majority is away.
    if (this.#seat === null) await recovered;
    else recovered.catch(() => undefined);
    // A worker may have died since: then all is closed, or about to be.
    this.#assertRunning();
    this.#seat?.start();
    const everyBytes = this.#options.checkpointEveryBytes;
    if (this.#dataDir !== null && everyBytes !== null) this.#checkpoints.takeEvery(everyBytes);
  }

  #checkpointed(manifest: CheckpointManifest): void {
    this.#recording.events.add('checkpoint', `checkpoint ${manifest.id} is complete`);
    this.#seat?.completed(manifest);
  }

  #orderCheckpoint(): void {
    if (this.#feed !== null) this.#feed.orderCheckpoint();
    else this.#pool.post(0, { type: 'checkpoint' });
  }

  #tasks(checkpoint: CheckpointManifest | null): WorkerTask[] {
    const { serviceUrl, limits, spinUs, durability } = this.#options;
    return Array.from({ length: this.#map.streams + 1 }, (_, group) => ({
      group,
      replica: this.#options.replica?.own.id ?? 0,
      replication: this.#seat?.replication(group) ?? null,
      serviceUrl,
      partitionMap: this.#map.toJson(),
      limits,
      ...this.#memory,
      recordings: this.#recording.memory,
      spinUs,
      dataDir: this.#dataDir?.path ?? null,
      durability,
      checkpoint,
    }));
  }

  #assertRunning(): void {
    if (this.#control.state === EngineState.running) return;
    throw this.#failed ?? new PsmrError('ENGINE_STOPPED', 'The engine was stopped. Start a new one.');
  }

  #takeSeat(replica: ReplicaParts): ClusterSeat {
    return replica.takeSeat({
      ...replica,
      service: this.#service.name,
      epoch: this.#map.epoch,
      groupNames: ['sync', ...this.#map.names],
      store: this.#store,
      findStuckAtDisk: (group) => this.#control.findStuckAtDisk(group),
      stats: () => this.stats(),
      post: (group, message) => this.#pool.post(group, message),
      takeCheckpoint: () => this.checkpoint(),
      endpointsChanged: () => this.#pool.postAll({ type: 'replicas', replicas: this.#seat?.endpoints ?? [] }),
      installed: ({ id }) =>
        this.#failWith(`it has fetched checkpoint ${id} and begins anew from it`, null, { restart: true }),
      failed: (error) => this.#failWith(error.message, error),
      problem: (error, open = error.message) => this.#recording.problem(error, open, replica.problem),
      notice: (sentence) => this.#recording.notice(sentence, replica.notice),
    });
  }

  #fail(group: number, error: unknown): void {
    const where = group === 0 ? 'the sync group' : `stream ${this.#map.names[group - 1] ?? group}`;
    this.#failWith(`the worker of ${where} died: ${messageOf(error)}`, error);
  }

  #failWith(reason: string, cause: unknown, details: Record<string, unknown> = {}): void {
    if (this.#stopping !== null || this.#control.state !== EngineState.running) return;
    this.#control.enter(EngineState.failed, reason);
    const failure = engineFailure(reason, cause, details);
    this.#failed = failure;
    this.#checkpoints.end(failure);
    this.#wakeClients();
    // A thread that waits for a disk which does not answer can be ended by nobody: the reason is told all the same.
    const late = pause(STOP_WITHIN_MS, undefined, { ref: false });
    void Promise.race([this.stop().catch(() => undefined), late]).then(() => this.#reportFailure(failure));
  }

  async #stop(): Promise<void> {
    this.#checkpoints.end(
      new PsmrError('ENGINE_STOPPED', 'The engine was stopped before the checkpoint was complete.'),
    );
    if (this.#seat !== null && this.#control.state === EngineState.running) await handOverAll(this.#pool);
    this.#control.enter(EngineState.stopping);
    this.#wakeClients();
    try {
      await this.#seat?.close();
      await this.#pool.stop();
    } finally {
      // The workers have closed theirs; the HTTP endpoint is left.
      await this.#endpoints.close();
      await this.#seat?.closeHttp();
      await this.#store.close();
      this.#dataDir?.release();
    }
  }

  #wakeClients(): void {
    for (const { words } of this.#clients) new Doorbell(new Int32Array(words), CLIENT_BELL_WORD).ring();
  }
}
