/** An operator's view of a whole cluster: asks all replicas, finds leaders, repeats what is under way until it is done. */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { preferredLeader } from '../../config/preferred-leader.js';
import type { ReplicaConfig } from '../../config/cluster-schema.js';
import { codeOf, PsmrError } from '../../errors.js';
import { ReplicaHttp } from './replica-http.js';
import { replicaStatusSchema, type ReplicaStatus } from './replica-status.js';
import { isNotTakingPart, takesPart } from './taking-part.js';

export interface ReplicaView {
  /** 0: not known, as it never answered. */
  readonly id: number;
  readonly url: string;
  /** Null: it does not answer; `problem` says why. */
  readonly status: ReplicaStatus | null;
  readonly problem: PsmrError | null;
}

export interface ClusterClientOptions {
  /** Of HTTP endpoints; one that answers is enough. */
  readonly urls: readonly string[];
  readonly secret: string | null;
  readonly ca?: string | Buffer | undefined;
  /** How long one replica may take to answer, ms. */
  readonly answerMs?: number;
  /** How long a change may take, ms. */
  readonly changeMs?: number;
  readonly pauseMs?: number;
  readonly progress?: (line: string) => void;
  /** Ends what is going on: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

const ANSWER_MS = 2000;
/** Who is asked at all is given so long, however little time is left. */
const ANSWER_MS_MIN = 100;
const CHANGE_MS = 600_000;
const PAUSE_MS = 250;
const LEADER_MS = 10_000;

export interface TakenCheckpoint {
  readonly manifest: unknown;
  /** Those that did not answer when it was asked for, or did not take part yet. */
  readonly absent: readonly ReplicaView[];
}

const progressSchema = z.object({ progress: z.enum(['done', 'under way']) });

export class ClusterClient {
  readonly #options: ClusterClientOptions;

  constructor(options: ClusterClientOptions) {
    this.#options = options;
  }

  /** Every replica that is known, by id; nobody is waited for after `untilMs`. Rejects with UNREACHABLE where none answers. */
  async views(untilMs = Infinity): Promise<ReplicaView[]> {
    const urls = this.#options.urls.map((url) => this.#http(url).url);
    const first = await Promise.all(urls.map((url) => this.#view(url, untilMs)));
    const known = first.flatMap(({ status }) => status?.replicas ?? []);
    const more = new Map(known.filter(({ url }) => !urls.includes(url)).map(({ id, url }) => [id, url]));
    // One replica may be known by several addresses.
    for (const { id } of first) more.delete(id);
    const others = await Promise.all([...more].map(([id, url]) => this.#view(url, untilMs, id)));
    const views = [...first, ...others];
    if (views.every(({ status }) => status === null)) throw nobody(views);
    const named = views.map((view) => ({
      ...view,
      id: view.id || (known.find(({ url }) => url === view.url)?.id ?? 0),
    }));
    return named.sort((a, b) => a.id - b.id);
  }

  /**
   * Has one taken, which is answered when it is complete: all of it in the time of a change. Rejects with UNREACHABLE where
   * nobody was asked, and with OUTCOME_UNKNOWN where it may yet be made.
   */
  async checkpoint(): Promise<TakenCheckpoint> {
    const { changeMs = CHANGE_MS } = this.#options;
    const late = AbortSignal.timeout(changeMs);
    const isLate = (): boolean => late.aborted;
    /** What became of those that were asked and did not answer. */
    const unknown: PsmrError[] = [];
    const take = async (leader: ReplicaView): Promise<unknown> => {
      if (isLate()) throw nobodyAsked(changeMs);
      try {
        return await this.#post(leader.url, '/checkpoint', {}, { timeoutMs: changeMs, late });
      } catch (thrown) {
        if (mayBeUnderWay(thrown))
          unknown.push(isLate() ? checkpointUnderWay(leader, changeMs) : checkpointLost(leader, thrown));
        throw thrown;
      }
    };
    try {
      const { answer, views } = await this.#onLeader(0, take, performance.now() + changeMs);
      return { manifest: answer, absent: views.filter((view) => !takesPart(view)) };
    } catch (thrown) {
      throw mayBeOver(thrown) ? (unknown.at(-1) ?? thrown) : thrown;
    }
  }

  async moveLeader(group: number, to: number): Promise<void> {
    const { length } = await this.#groups();
    if (group >= length)
      throw new PsmrError('INVALID_ARGUMENT', `There is no group ${group}: groups are 0 to ${length - 1}.`);
    const what = `group ${group} moves to replica ${to}`;
    await this.#untilDone(group, '/leader', { group, to }, what, () => this.#unfitness(group, to));
  }

  async addMember(replica: ReplicaConfig): Promise<void> {
    const groups = await this.#groups();
    await this.#tellAll(replica);
    for (const group of groups)
      await this.#untilDone(
        group,
        '/members',
        { group, add: replica.id },
        `group ${group} adds replica ${replica.id}`,
        () => this.#absence(replica.id),
      );
  }

  /** Each that answers. One that does not take part yet is waited for: it would not learn where the new one is. */
  async #tellAll(replica: ReplicaConfig): Promise<void> {
    const { changeMs = CHANGE_MS, pauseMs = PAUSE_MS, progress } = this.#options;
    const deadline = performance.now() + changeMs;
    const told = new Set<string>();
    for (let isNew = true; ; isNew = false) {
      const untold = (await this.views()).filter(({ url, status }) => status !== null && !told.has(url));
      let problem: PsmrError | null = null;
      for (const { id, url } of untold) {
        const refusal = await this.#tell(url, replica);
        if (refusal === null) told.add(url);
        else if (isNew) progress?.(`replica ${id} does not take part yet: it is waited for`);
        problem ??= refusal;
      }
      if (problem === null) return;
      if (performance.now() > deadline) throw problem;
      await this.#pause(pauseMs);
    }
  }

  /** Null: it knows; else it does not take part yet. */
  async #tell(url: string, replica: ReplicaConfig): Promise<PsmrError | null> {
    try {
      await this.#post(url, '/replicas', { replica });
      return null;
    } catch (thrown) {
      if (thrown instanceof PsmrError && isNotTakingPart(thrown)) return thrown;
      throw thrown;
    }
  }

  /** What to do about a replica that is waited for and does not answer; empty: it answers. */
  async #absence(id: number): Promise<string> {
    const views = await this.views().catch(() => []);
    if (views.some((view) => view.id === id && view.status !== null)) return '';
    return `Replica ${id} does not answer: start it with psmr replica --config FILE --id ${id} --rebuild. `;
  }

  async #unfitness(group: number, id: number): Promise<string> {
    const { leader } = leaderOf(await this.views().catch(() => []), group);
    if (!isUnfit(leader, group, id)) return '';
    return `Replica ${id} takes no group yet: it executes what it has missed, or its disk does not answer. `;
  }

  /** Moves away first what it leads. False: it took part in no group. */
  async removeMember(id: number): Promise<boolean> {
    let tookPart = false;
    for (const group of await this.#groups()) {
      const views = await this.views();
      const { leader, voters, learners } = leaderOf(views, group);
      tookPart ||= leader === null || voters.includes(id) || learners.includes(id);
      // One that does not answer, or does not take part yet, cannot take over.
      const others = voters.filter(
        (voter) => voter !== id && views.some((view) => view.id === voter && takesPart(view)),
      );
      const due = preferredLeader(others, group);
      // One that is behind gets the group later: as the leader goes, it hands over to whom it can.
      if (leader?.id === id && others.length > 0 && !isUnfit(leader, group, due)) await this.moveLeader(group, due);
      await this.#untilDone(group, '/members', { group, remove: id }, `group ${group} removes replica ${id}`);
    }
    return tookPart;
  }

  async #groups(): Promise<number[]> {
    const views = await this.views();
    const count = Math.max(...views.map(({ status }) => status?.groups.length ?? 0));
    // Replicas that do not take part yet know of none: a change of no group would pass for done.
    if (count === 0)
      throw new PsmrError('UNREACHABLE', 'None of the replicas that answer takes part yet. Try again in a moment.');
    return Array.from({ length: count }, (_, group) => group);
  }

  /** `advice`: what to do where it takes too long. */
  async #untilDone(
    group: number,
    path: string,
    body: object,
    what: string,
    advice: () => Promise<string> = () => Promise.resolve(''),
  ): Promise<void> {
    const { changeMs = CHANGE_MS, pauseMs = PAUSE_MS, progress } = this.#options;
    const deadline = performance.now() + changeMs;
    for (let isNew = true; ; isNew = false) {
      const { answer } = await this.#onLeader(group, (leader) => this.#post(leader.url, path, body));
      // Not before: it may be refused.
      if (isNew) progress?.(what);
      if (progressSchema.parse(answer).progress === 'done') return;
      if (performance.now() > deadline)
        throw new PsmrError(
          'OUTCOME_UNKNOWN',
          `After ${changeMs} ms ${what} still. ${await advice()}It goes on; run the same command again to see its end.`,
        );
      await this.#pause(pauseMs);
    }
  }

  /**
   * Leaders change, and an election takes a moment. `views`: what was seen when it was asked. `untilMs`: nobody is waited
   * for after that to find the leader.
   */
  async #onLeader(
    group: number,
    ask: (leader: ReplicaView) => Promise<unknown>,
    untilMs = Infinity,
  ): Promise<{ readonly answer: unknown; readonly views: readonly ReplicaView[] }> {
    const { changeMs = CHANGE_MS, pauseMs = PAUSE_MS } = this.#options;
    const deadline = performance.now() + Math.min(changeMs, LEADER_MS);
    for (;;) {
      const views = await this.views(untilMs);
      const { leader } = leaderOf(views, group);
      try {
        if (leader !== null) return { answer: await ask(leader), views };
      } catch (thrown) {
        if (!mayBeOver(thrown) || performance.now() > deadline) throw thrown;
      }
      if (performance.now() > deadline)
        throw new PsmrError('UNREACHABLE', `Nobody leads group ${group}: is a majority of the replicas running?`);
      await this.#pause(pauseMs);
    }
  }

  async #pause(ms: number): Promise<void> {
    const { signal } = this.#options;
    await pause(ms, undefined, signal === undefined ? {} : { signal }).catch(() => signal?.throwIfAborted());
  }

  /** `late`: gives up, too. */
  async #post(
    url: string,
    path: string,
    body: object,
    { timeoutMs, late }: { readonly timeoutMs?: number; readonly late?: AbortSignal } = {},
  ): Promise<unknown> {
    const { signal } = this.#options;
    const ends = [signal, late].filter((each) => each !== undefined);
    try {
      return await this.#http(url, timeoutMs).post(path, body, AbortSignal.any(ends));
    } catch (thrown) {
      signal?.throwIfAborted();
      throw thrown;
    }
  }

  async #view(url: string, untilMs: number, id = 0): Promise<ReplicaView> {
    const answerMs = Math.min(this.#answerMs, Math.max(ANSWER_MS_MIN, untilMs - performance.now()));
    try {
      const parsed = replicaStatusSchema.safeParse(
        await this.#http(url, answerMs).get('/status', this.#options.signal),
      );
      if (!parsed.success)
        throw new PsmrError('UNREACHABLE', `What answers at ${url} is no replica of a cluster of this version.`);
      return { id: parsed.data.replica, url, status: parsed.data, problem: null };
    } catch (thrown) {
      this.#options.signal?.throwIfAborted();
      if (!(thrown instanceof PsmrError)) throw thrown;
      return { id, url, status: null, problem: thrown };
    }
  }

  get #answerMs(): number {
    return this.#options.answerMs ?? ANSWER_MS;
  }

  #http(url: string, timeoutMs = this.#answerMs): ReplicaHttp {
    const { secret, ca } = this.#options;
    return new ReplicaHttp({ url, secret, timeoutMs, ...(ca === undefined ? {} : { ca }) });
  }
}

/** As those see it who have seen the newest term; null: they know of none, or it does not answer. */
export function leaderOf(
  views: readonly ReplicaView[],
  group: number,
): { leader: ReplicaView | null; term: number; voters: readonly number[]; learners: readonly number[] } {
  const seen = views.flatMap(({ status }) => status?.groups.filter((each) => each.group === group) ?? []);
  const term = Math.max(0, ...seen.map((each) => each.term));
  const newest = seen.filter((each) => each.term === term);
  const told = newest.find((each) => each.role === 'leader') ?? newest.find((each) => each.leader > 0);
  const leader = views.find(({ id, status }) => id === told?.leader && status !== null) ?? null;
  const { voters, learners } = told?.members ?? { voters: [], learners: [] };
  return { leader, term, voters, learners };
}

/** All groups have leaders, and none of these counts it. What it knows itself may be what was before it was removed. */
export function isNoMember(id: number, views: readonly ReplicaView[]): boolean {
  const groups = Math.max(0, ...views.map(({ status }) => status?.groups.length ?? 0));
  const led = Array.from({ length: groups }, (_, group) => {
    const { leader } = leaderOf(views, group);
    return leader?.status?.groups.find((each) => each.group === group)?.members;
  });
  const isOut = (each: (typeof led)[number]): boolean =>
    each !== undefined && !each.voters.includes(id) && !each.learners.includes(id);
  return id !== 0 && led.length > 0 && led.every(isOut);
}

function nobody(views: readonly ReplicaView[]): PsmrError {
  const reasons = views.map(({ problem }) => problem?.message ?? '').join(' ');
  return new PsmrError('UNREACHABLE', reasons || 'There is no replica to ask.');
}

/** What an election, or a start, puts an end to. */
function mayBeOver(thrown: unknown): thrown is PsmrError {
  return thrown instanceof PsmrError && ['NOT_LEADER', 'UNREACHABLE'].includes(thrown.code);
}

/** Whoever was asked did not answer, but may have heard it. */
function mayBeUnderWay(thrown: unknown): thrown is PsmrError {
  if (!(thrown instanceof PsmrError) || thrown.code !== 'UNREACHABLE') return false;
  return !isNotTakingPart(thrown) && codeOf(thrown.cause) !== 'ECONNREFUSED';
}

function nobodyAsked(ms: number): PsmrError {
  return new PsmrError(
    'UNREACHABLE',
    `Within ${ms} ms no replica could be asked for a checkpoint. Give a longer --timeout.`,
  );
}

function checkpointLost({ id }: ReplicaView, cause: PsmrError): PsmrError {
  return new PsmrError(
    'OUTCOME_UNKNOWN',
    `Replica ${id} was asked for a checkpoint and answers no more. It may yet be made: psmr status shows the last one that ` +
      'was agreed on. If that is older, ask again.',
    { cause },
  );
}

function checkpointUnderWay({ id }: ReplicaView, ms: number): PsmrError {
  return new PsmrError(
    'OUTCOME_UNKNOWN',
    `After ${ms} ms the checkpoint that replica ${id} was asked for is under way still. It goes on, and may yet be made: ` +
      'psmr status shows the last one that was agreed on. To wait longer for the next one, give a longer --timeout.',
  );
}

/** Whether a follower would not take the group, as its leader knows. */
function isUnfit(leader: ReplicaView | null, group: number, id: number): boolean {
  const followers = leader?.status?.groups[group]?.followers ?? [];
  return followers.some((follower) => follower.id === id && follower.unfit);
}
