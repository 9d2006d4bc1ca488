/**
 * What a replica sees of the others, as far as an operator should know: who is out of reach and who is back, who has
 * another configuration, and that they have removed this one.
 */
import { errorFromWire, type PsmrError } from '../errors.js';
import { ConfigurationWatch } from './admin/configuration-watch.js';
import type { Guard } from './admin/guarded-route.js';
import { RemovalWatch } from './admin/removal-watch.js';
import { Unattended } from './admin/unattended.js';
import type { GroupReports } from './group-reports.js';
import type { HttpRoute } from './http-endpoint.js';
import type { KnownReplicas } from './known-replicas.js';
import { LostPeers } from './lost-peers.js';
import { clientOf } from './rejoin.js';
import type { ReplicaMemory } from './replica-memory.js';
import type { ReplicaSettings } from './replica-settings.js';
import { tokenMark, type SharedConfiguration } from './shared-configuration.js';
import type { ReplicationMessage } from './worker-pool.js';

export interface PeerWatchOptions {
  readonly settings: ReplicaSettings;
  readonly memory: ReplicaMemory;
  readonly known: KnownReplicas;
  readonly reports: GroupReports;
  readonly guard: Guard;
  /** `open`: what may be told everybody of it; default: its sentence. */
  readonly problem: (error: PsmrError, open?: string) => void;
  readonly notice: (sentence: string) => void;
}

export class PeerWatch {
  readonly #options: PeerWatchOptions;
  readonly #lost: LostPeers;
  readonly #removal: RemovalWatch;
  readonly #configuration: ConfigurationWatch;
  readonly #unattended: Unattended;
  readonly #stop = new AbortController();
  #token: string | null | undefined;
  #lastProblem: string | null = null;

  constructor(options: PeerWatchOptions) {
    this.#options = options;
    const { settings, memory, known, reports, guard, problem, notice } = options;
    this.#unattended = new Unattended(problem);
    this.#lost = new LostPeers(notice);
    this.#removal = new RemovalWatch({
      replica: settings.own.id,
      isLeft: () => !memory.rejoining && reports.isLeft,
      ask: async () => clientOf(settings, known, this.#stop.signal).views(),
      tell: notice,
    });
    this.#configuration = new ConfigurationWatch({
      own: () => this.#shared,
      peers: () => known.https(),
      isMember: (id) => known.has(id) && reports.members?.includes(id) !== false,
      guard,
      differs: (difference) => problem(difference.problem, difference.open),
    });
  }

  get route(): HttpRoute {
    return this.#configuration.route;
  }

  /** For the status: why it takes part in no group; null: it does, as far as is known. */
  get removed(): string | null {
    return this.#removal.reason;
  }

  /** For the status: another replica has another configuration. */
  get difference(): string | null {
    return this.#configuration.reason;
  }

  /** Where it has no link to any other replica, what went wrong with them last. */
  get whyAlone(): string | null {
    return this.#inReach.length === 0 ? this.#lastProblem : null;
  }

  /** Clients must give it; null: nothing. Until it is known there is nothing to compare. */
  askClientsFor(token: string | null): void {
    if (token === this.#token) return;
    this.#token = token;
    for (const replica of this.#inReach) this.#configuration.compare(replica);
  }

  /** After the reports have heard it. */
  hear(group: number, { reachable }: Extract<ReplicationMessage, { type: 'raft-status' }>): void {
    this.#lost.reached(group, reachable);
    this.#configuration.inReach(this.#inReach);
  }

  trouble(group: number, { code, message, peer }: Extract<ReplicationMessage, { type: 'problem' }>): void {
    this.#lastProblem = message;
    if (peer !== undefined) {
      this.#lost.lost(group, peer);
      this.#configuration.compare(peer);
    }
    this.#options.problem(errorFromWire(code, message));
  }

  /** To be called now and then. */
  look(nowMs: number): void {
    void this.#unattended.run(() => this.#removal.look(nowMs));
    void this.#unattended.run(() => this.#configuration.look(nowMs));
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#configuration.close();
  }

  get #inReach(): number[] {
    const { known, reports } = this.#options;
    return known.others.filter((id) => reports.reaches(id));
  }

  get #shared(): SharedConfiguration | null {
    const { settings, known } = this.#options;
    const token = this.#token;
    if (token === undefined) return null;
    const mark = token === null ? null : tokenMark(token, settings.secret);
    return { replica: settings.own.id, token: mark, replicas: known.all };
  }
}
