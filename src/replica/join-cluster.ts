/**
 * What comes before a replica's workers run: a new cluster forms, a replica whose disk was lost leaves all groups, and
 * one that runs already elsewhere is not started again (formation.ts decides; here it asks and waits). From here to its
 * end the others see this replica at its HTTP endpoint: one that formed the cluster and was gone from there until it
 * served clients would keep those waiting that have not seen it yet, for ever where they start in one program.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { PsmrError, type ErrorCode } from '../errors.js';
import { replicaStatusSchema, type ReplicaState, type ReplicaStatus } from './admin/replica-status.js';
import { doesNotTakePart } from './admin/taking-part.js';
import { acknowledgedBy, type Acknowledged } from './acknowledged.js';
import { decideFormation, type FormationDecision } from './formation.js';
import { jsonAnswer, openHttpEndpoint, textAnswer, type HttpEndpoint } from './http-endpoint.js';
import { KnownReplicas } from './known-replicas.js';
import { leaveAllGroups } from './rejoin.js';
import { ReplicaMemory } from './replica-memory.js';
import type { ReplicaSettings } from './replica-settings.js';

const ANSWER_MS = 1000;
const PAUSE_MS = 100;
/** Others notice the end of a replica that was killed, or whose machine is gone, within this. */
const GONE_WITHIN_MS = 5000;

export interface JoinOptions {
  readonly service: string;
  /** Of the partition map. */
  readonly epoch: number;
  readonly dataDir: string;
  /** Gives up. */
  readonly signal: AbortSignal;
  /** Hears what it waits for. */
  readonly onProblem: (problem: PsmrError) => void;
}

export interface Joined {
  /** What the replica remembers. */
  readonly memory: ReplicaMemory;
  /** What others remember of it, by group. */
  readonly acknowledged: ReadonlyMap<number, Acknowledged>;
  /** The replica's HTTP endpoint, open until the replica ends: whoever has joined closes it. */
  readonly http: HttpEndpoint;
}

/**
 * Resolves when this replica may take part. Rejects with DATA_MISMATCH: a disk was lost; WRONG_SERVICE, WRONG_EPOCH: the
 * cluster runs another service, or has another partition map; DUPLICATE_REPLICA: it runs already; ADDRESS_IN_USE,
 * INVALID_CONFIG: of its HTTP endpoint; the signal's reason; DATA_CORRUPT.
 */
export async function joinCluster(settings: ReplicaSettings, options: JoinOptions): Promise<Joined> {
  const { service, epoch, dataDir, signal, onProblem } = options;
  const memory = ReplicaMemory.open(dataDir, { cluster: settings.cluster.name, replica: settings.own.id });
  const waits = (sentence: string): void => onProblem(new PsmrError('UNREACHABLE', sentence));
  const joining = new Joining({ settings, memory, service, epoch, signal, waits });
  // Before its port is asked for, which one that runs already has taken.
  const others = memory.formed === null ? [] : await joining.checkAlone();
  const http = await openEndpoint(settings, joining);
  try {
    if (memory.formed === null) await joining.form();
    signal.throwIfAborted();
    joining.takesPart();
    return { memory, acknowledged: acknowledgedBy(settings.own.id, others), http };
  } catch (error) {
    await http.close();
    throw error;
  }
}

function openEndpoint({ own, tls }: ReplicaSettings, joining: Joining): Promise<HttpEndpoint> {
  return openHttpEndpoint({
    ...own.http,
    tls: tls ?? undefined,
    routes: [
      { method: 'GET', path: '/healthz', handle: () => textAnswer(503, 'the replica does not take part yet\n') },
      { method: 'GET', path: '/status', handle: () => jsonAnswer(joining.status()) },
    ],
    otherwise: doesNotTakePart,
  });
}

interface JoiningOptions {
  readonly settings: ReplicaSettings;
  readonly memory: ReplicaMemory;
  readonly service: string;
  readonly epoch: number;
  readonly signal: AbortSignal;
  /** What it waits for, when that changes. */
  readonly waits: (sentence: string) => void;
}

class Joining {
  readonly #options: JoiningOptions;
  readonly #known: KnownReplicas;
  readonly #began = performance.now();
  #state: ReplicaState = 'forming';
  #reason: string | null = 'it looks for the other replicas';
  /** Who was there last time, and is none of this cluster, in sentences. */
  #strangers: readonly string[] = [];

  constructor(options: JoiningOptions) {
    this.#options = options;
    this.#known = new KnownReplicas(options.settings, options.memory);
  }

  status(): ReplicaStatus {
    const { settings, memory, service, epoch } = this.#options;
    return {
      replica: settings.own.id,
      cluster: settings.cluster.name,
      service,
      epoch,
      state: this.#state,
      reason: this.#reason,
      transfer: null,
      upMs: performance.now() - this.#began,
      groups: [],
      checkpoint: null,
      lastAgreedCheckpoint: null,
      replicas: this.#known.all.map((replica) => {
        return { id: replica.id, url: this.#known.urlOf(replica), reachable: replica.id === settings.own.id };
      }),
      formation: { incarnation: memory.incarnation, formed: memory.formed },
    };
  }

  /** Two of one number would vote twice: the others must not be linked to this one already. Resolves with what they say. */
  async checkAlone(): Promise<readonly ReplicaStatus[]> {
    for (;;) {
      const others = [...(await this.#ask()).values()];
      if (this.#isAlone(others)) return others;
      await this.#pause();
    }
  }

  /** False: another may run under this number, or have ended just now. Throws DUPLICATE_REPLICA. */
  #isAlone(others: readonly ReplicaStatus[]): boolean {
    const { id } = this.#options.settings.own;
    const linked = others.find(({ replicas }) => replicas.some((each) => each.id === id && each.reachable));
    if (linked === undefined) return true;
    if (performance.now() - this.#began <= GONE_WITHIN_MS) return false;
    throw new PsmrError(
      'DUPLICATE_REPLICA',
      `Replica ${id} runs already: replica ${linked.replica} is linked to it. Stop that one, or give this one its own number and data directory.`,
    );
  }

  async form(): Promise<void> {
    const { settings, memory } = this.#options;
    if (settings.rebuild) this.#state = 'rebuilding';
    const ids = settings.cluster.replicas.map(({ id }) => id);
    for (;;) {
      const views = await this.#ask();
      const alike = this.#alike([...views.values()]);
      const peers = new Map(alike.map(({ replica, formation }) => [replica, formation]));
      const decision = decideFormation(settings.own.id, memory, ids, peers);
      if (decision.type === 'rebuild') {
        if (this.#isAlone(alike)) return this.#rebuild(decision, peers.get(decision.formedBy)?.formed ?? {});
      } else if (decision.type === 'wait') this.#waits([waitsFor(decision.missing), ...this.#strangers].join('. '));
      else if (settings.rebuild && [...peers.values()].every(({ formed }) => formed === null))
        this.#waits('waits for a replica that has what this one is to be rebuilt from');
      else {
        memory.remember({ formed: decision.formed });
        return;
      }
      await this.#pause();
    }
  }

  /**
   * Those that do the same as this one. Of a cluster that has been formed, it is this one that is wrong: it throws, before
   * anything is changed there. Among those that are all new it waits for who is to be corrected.
   */
  #alike(others: readonly ReplicaStatus[]): ReplicaStatus[] {
    const { service, epoch } = this.#options;
    return others.filter((other) => {
      const differs = differenceOf(other, service, epoch);
      if (differs === null) return true;
      const [code, sentence] = differs;
      if (other.formation.formed !== null) throw new PsmrError(code, `${sentence}.`);
      this.#strangers = [...this.#strangers, sentence];
      return false;
    });
  }

  async #rebuild({ formedBy }: FormationDecision & { type: 'rebuild' }, formed: Record<string, string>): Promise<void> {
    const { settings, memory, signal } = this.#options;
    const { id } = settings.own;
    if (!settings.rebuild && !memory.rejoining)
      throw new PsmrError(
        'DATA_MISMATCH',
        `The data directory of replica ${id} is empty, and the cluster was formed without it, says replica ${formedBy}: ` +
          `its disk was lost, or it is new. Start it with --rebuild: psmr replica --config FILE --id ${id} --rebuild.`,
      );
    this.#waits('has itself removed from all groups, to begin anew');
    await leaveAllGroups(settings, memory, this.#known, formed, signal);
    memory.remember({ formed });
  }

  /** Those that do not answer, are kept apart by TLS, or are of another cluster, are left out. */
  async #ask(): Promise<Map<number, ReplicaStatus>> {
    const { settings, signal } = this.#options;
    const strangers: string[] = [];
    const answers = this.#known.https(ANSWER_MS).map(async ({ replica, http }) => {
      const answer = await http.get('/status', signal).catch((error: unknown) => {
        if (isAmissByTls(error)) strangers.push(error.message.replace(/\.$/, ''));
        return null;
      });
      const parsed = replicaStatusSchema.safeParse(answer);
      if (!parsed.success) return null;
      const { data: status } = parsed;
      if (status.replica === replica && status.cluster === settings.cluster.name) return status;
      strangers.push(`At ${http.url} is replica ${status.replica} of cluster "${status.cluster}"`);
      return null;
    });
    const statuses = (await Promise.all(answers)).filter((status) => status !== null);
    this.#strangers = strangers.sort();
    return new Map(statuses.map((status) => [status.replica, status]));
  }

  /** Its logs are still to be opened. */
  takesPart(): void {
    this.#state = 'recovering';
    this.#reason = null;
  }

  #waits(reason: string): void {
    if (reason === this.#reason) return;
    this.#reason = reason;
    this.#options.waits(`replica ${this.#options.settings.own.id} ${reason}`);
  }

  async #pause(): Promise<void> {
    const { signal } = this.#options;
    signal.throwIfAborted();
    await pause(PAUSE_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

function waitsFor(missing: readonly number[]): string {
  const which = missing.length === 1 ? 'replica' : 'replicas';
  return `waits for ${which} ${missing.join(', ')}: the first start of a cluster needs all of its replicas`;
}

function isAmissByTls(error: unknown): error is PsmrError {
  return error instanceof PsmrError && error.details['tls'] === true;
}

/** Why the two cannot be replicas of one cluster; null: they can. */
function differenceOf(other: ReplicaStatus, service: string, epoch: number): [ErrorCode, string] | null {
  if (other.service !== service)
    return [
      'WRONG_SERVICE',
      `Replica ${other.replica} runs another service ("${other.service}", here it is "${service}"): all replicas must run the same one`,
    ];
  if (other.epoch !== null && other.epoch !== epoch)
    return [
      'WRONG_EPOCH',
      `Replica ${other.replica} has another partition map: configure all replicas with the same streams and key classes`,
    ];
  return null;
}
