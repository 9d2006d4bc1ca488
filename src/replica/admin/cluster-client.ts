/** An operator's view of a whole cluster: asks all replicas, finds leaders, repeats what is under way until it is done. */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { preferredLeader } from '../../config/preferred-leader.js';
import type { ReplicaConfig } from '../../config/cluster-schema.js';
import { PsmrError } from '../../errors.js';
import { ReplicaHttp } from './replica-http.js';
import { replicaStatusSchema, type ReplicaStatus } from './replica-status.js';

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
  /** Those that did not answer when it was asked for. */
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
    const take = async (leader: ReplicaView): Promise<unknown> => {
      try {
        return await this.#http(leader.url, changeMs).post('/checkpoint', {}, late);
      } catch (thrown) {
        throw late.aborted ? checkpointUnderWay(leader, changeMs) : thrown;
      }
    };
    const { answer, views } = await this.#onLeader(0, take, performance.now() + changeMs);
    return { manifest: answer, absent: views.filter(({ status }) => status === null) };
  }

  async moveLeader(group: number, to: number): Promise<void> {
    const { length } = await this.#groups();
    if (group >= length)
      throw new PsmrError('INVALID_ARGUMENT', `There is no group ${group}: groups are 0 to ${length - 1}.`);
    await this.#untilDone(group, '/leader', { group, to }, `group ${group} moves to replica ${to}`);
  }

  async addMember(replica: ReplicaConfig): Promise<void> {
    const groups = await this.#groups();
    for (const { url, status } of await this.views())
      if (status !== null) await this.#http(url).post('/replicas', { replica });
    for (const group of groups)
      await this.#untilDone(
        group,
        '/members',
        { group, add: replica.id },
        `group ${group} adds replica ${replica.id}`,
        () => this.#absence(replica.id),
      );
  }

  /** What to do about a replica that is waited for and does not answer; empty: it answers. */
  async #absence(id: number): Promise<string> {
    const views = await this.views().catch(() => []);
    if (views.some((view) => view.id === id && view.status !== null)) return '';
    return `Replica ${id} does not answer: start it with psmr replica --config FILE --id ${id} --rebuild. `;
  }

  /** Moves away first what it leads. False: it took part in no group. */
  async removeMember(id: number): Promise<boolean> {
    let tookPart = false;
    for (const group of await this.#groups()) {
      const views = await this.views();
      const { leader, voters, learners } = leaderOf(views, group);
      tookPart ||= leader === null || voters.includes(id) || learners.includes(id);
      // One that does not answer cannot take over.
      const others = voters.filter(
        (voter) => voter !== id && views.some((view) => view.id === voter && view.status !== null),
      );
      if (leader?.id === id && others.length > 0) await this.moveLeader(group, preferredLeader(others, group));
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
      const { answer } = await this.#onLeader(group, (leader) => this.#http(leader.url).post(path, body));
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
        const again = thrown instanceof PsmrError && ['NOT_LEADER', 'UNREACHABLE'].includes(thrown.code);
        if (!again || performance.now() > deadline) throw thrown;
      }
      if (performance.now() > deadline)
        throw new PsmrError('UNREACHABLE', `Nobody leads group ${group}: is a majority of the replicas running?`);
      await this.#pause(pauseMs);
    }
  }

  async #pause(ms: number): Promise<void> {
    const { signal } = this.#options;
    await pause(ms, undefined, signal === undefined ? {} : { signal });
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

function checkpointUnderWay({ id }: ReplicaView, ms: number): PsmrError {
  return new PsmrError(
    'OUTCOME_UNKNOWN',
    `After ${ms} ms the checkpoint that replica ${id} was asked for is under way still. It goes on, and may yet be made: ` +
      'psmr status shows the last one that was agreed on. To wait longer for the next one, give a longer --timeout.',
  );
}
