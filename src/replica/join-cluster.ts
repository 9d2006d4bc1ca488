/**
 * What comes before a replica's workers run: a new cluster forms, a replica whose disk was lost leaves all groups, and
 * one that runs already elsewhere is not started again (formation.ts decides; here it asks and waits).
 */
import { setTimeout as pause } from 'node:timers/promises';
import { PsmrError } from '../errors.js';
import { replicaStatusSchema, type ReplicaState, type ReplicaStatus } from './admin/replica-status.js';
import { acknowledgedBy, type Acknowledged } from './acknowledged.js';
import { decideFormation, type FormationDecision } from './formation.js';
import { jsonAnswer, openHttpEndpoint, textAnswer } from './http-endpoint.js';
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
}

/**
 * Resolves when this replica may take part. Rejects with DATA_MISMATCH: a disk was lost;
 * DUPLICATE_REPLICA: it runs already; the signal's reason; DATA_CORRUPT.
 */
export async function joinCluster(settings: ReplicaSettings, options: JoinOptions): Promise<Joined> {
  const { service, dataDir, signal, onProblem } = options;
  const memory = ReplicaMemory.open(dataDir, { cluster: settings.cluster.name, replica: settings.own.id });
  const waits = (sentence: string): void => onProblem(new PsmrError('UNREACHABLE', sentence));
  const joining = new Joining({ settings, memory, service, signal, waits });
  const others = memory.formed === null ? await formOpenly(settings, joining) : await joining.checkAlone();
  signal.throwIfAborted();
  return { memory, acknowledged: acknowledgedBy(settings.own.id, others) };
}

/** The others must see this one, which has no endpoints yet. */
async function formOpenly({ own, tls }: ReplicaSettings, joining: Joining): Promise<[]> {
  const http = await openHttpEndpoint({
    ...own.http,
    tls: tls ?? undefined,
    routes: [
      { method: 'GET', path: '/healthz', handle: () => textAnswer(503, 'the replica does not take part yet\n') },
      { method: 'GET', path: '/status', handle: () => jsonAnswer(joining.status()) },
    ],
  });
  try {
    await joining.form();
    return [];
  } finally {
    await http.close();
  }
}

interface JoiningOptions {
  readonly settings: ReplicaSettings;
  readonly memory: ReplicaMemory;
  readonly service: string;
  readonly signal: AbortSignal;
  /** What it waits for, when that changes. */
  readonly waits: (sentence: string) => void;
}

class Joining {
  readonly #options: JoiningOptions;
  readonly #known: KnownReplicas;
  readonly #began = performance.now();
  #state: ReplicaState = 'forming';
  #reason = 'it looks for the other replicas';

  constructor(options: JoiningOptions) {
    this.#options = options;
    this.#known = new KnownReplicas(options.settings, options.memory);
  }

  status(): ReplicaStatus {
    const { settings, memory, service } = this.#options;
    return {
      replica: settings.own.id,
      cluster: settings.cluster.name,
      service,
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
    const { own } = this.#options.settings;
    for (;;) {
      const views = await this.#ask();
      const others = [...views.values()];
      const linked = others.find(({ replicas }) => replicas.some((r) => r.id === own.id && r.reachable));
      if (linked === undefined) return others;
      if (performance.now() - this.#began > GONE_WITHIN_MS)
        throw new PsmrError(
          'DUPLICATE_REPLICA',
          `Replica ${own.id} runs already: replica ${linked.replica} is linked to it. Stop that one, or give this one its own number and data directory.`,
        );
      await this.#pause();
    }
  }

  async form(): Promise<void> {
    const { settings, memory } = this.#options;
    if (settings.rebuild) this.#state = 'rebuilding';
    const ids = settings.cluster.replicas.map(({ id }) => id);
    for (;;) {
      const views = await this.#ask();
      const peers = new Map([...views].map(([id, { formation }]) => [id, formation]));
      const decision = decideFormation(settings.own.id, memory, ids, peers);
      if (decision.type === 'rebuild') return this.#rebuild(decision, peers.get(decision.formedBy)?.formed ?? {});
      if (decision.type === 'wait') this.#waits(waitsFor(decision.missing));
      else if (settings.rebuild && [...peers.values()].every(({ formed }) => formed === null))
        this.#waits('waits for a replica that has what this one is to be rebuilt from');
      else {
        memory.remember({ formed: decision.formed });
        return;
      }
      await this.#pause();
    }
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
    await leaveAllGroups(settings, memory, this.#known, signal);
    memory.remember({ formed });
  }

  /** Those that do not answer, or are of another cluster, are left out. */
  async #ask(): Promise<Map<number, ReplicaStatus>> {
    const { settings, signal } = this.#options;
    const answers = this.#known.https(ANSWER_MS).map(async ({ replica, http }) => {
      const parsed = replicaStatusSchema.safeParse(await http.get('/status', signal).catch(() => null));
      const fits = parsed.success && parsed.data.replica === replica && parsed.data.cluster === settings.cluster.name;
      return fits ? parsed.data : null;
    });
    const statuses = (await Promise.all(answers)).filter((status) => status !== null);
    return new Map(statuses.map((status) => [status.replica, status]));
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
