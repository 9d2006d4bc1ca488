/** Load, kills, and what must hold afterwards. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster } from './cluster.js';
import { Load, MONEY } from './load.js';
import type { Screen } from './screen.js';
import { caughtUp, GROUPS, leaderOf, nameOf, type Statuses } from './status.js';

const WAIT_MS = 60_000;
const BETWEEN_MS = 700;
const DOWN_MS = 700;
const SHOW_MS = 1000;

export class Demonstration {
  readonly #cluster: Cluster;
  readonly #screen: Screen;
  readonly #stopped: AbortSignal;

  constructor(cluster: Cluster, screen: Screen, stopped: AbortSignal) {
    this.#cluster = cluster;
    this.#screen = screen;
    this.#stopped = stopped;
  }

  /** Rejects where a transfer got no answer, money is missing, states differ, or when it is stopped. */
  async run(ms: number): Promise<void> {
    await this.#until('all run', caughtUp, this.#stopped);
    const load = await Load.start(this.#cluster.urls);
    this.#screen.event(`clients transfer money between accounts that hold ${MONEY} in all`);
    try {
      await this.#underLoad(load, ms);
      await load.finish();
      const money = await checkedTotal(load);
      const wait = load.longestWaitMs.toFixed(0);
      this.#screen.event(`${load.transfers} transfers, longest wait ${wait} ms, money ${money} of ${MONEY}`);
    } finally {
      await load.close();
    }
    await this.#compareStates();
  }

  async #underLoad(load: Load, ms: number): Promise<void> {
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, this.#stopped]);
    const going = [this.#killLeaders(ms, signal), this.#show(load, signal), load.ended];
    try {
      // The kills end first, unless something fails.
      await Promise.race(going);
    } finally {
      over.abort();
      await Promise.allSettled(going.slice(0, 2));
    }
  }

  /** The leader of group 0, then of stream 1, ... until the time is over. */
  async #killLeaders(ms: number, signal: AbortSignal): Promise<void> {
    const end = performance.now() + ms;
    for (let turn = 0; ; turn++) {
      await pause(Math.max(0, Math.min(BETWEEN_MS, end - performance.now())), undefined, { signal });
      if (performance.now() >= end) return;
      const group = turn % GROUPS.length;
      const victim = leaderOf(await this.#until('all run', caughtUp, signal), group);
      this.#screen.event(`kill -9 of replica ${victim}, which leads ${nameOf(group)}`);
      await this.#cluster.kill(victim);
      const after = await this.#until('another leads', (seen) => leaderOf(seen, group) > 0, signal);
      this.#screen.event(`replica ${leaderOf(after, group)} leads ${nameOf(group)}`);
      await pause(DOWN_MS, undefined, { signal });
      this.#cluster.run(victim);
      await this.#until('all run again', caughtUp, signal);
      this.#screen.event(`replica ${victim} is back, and has caught up`);
    }
  }

  async #show(load: Load, signal: AbortSignal): Promise<void> {
    for (let before = load.transfers, at = performance.now(); ;) {
      await pause(SHOW_MS, undefined, { signal });
      const [money, seen] = await Promise.all([checkedTotal(load), this.#cluster.statuses()]);
      const [now, nowAt] = [load.transfers, performance.now()];
      signal.throwIfAborted();
      this.#screen.show([
        ['transfers/s', (((now - before) * 1000) / (nowAt - at)).toFixed(0)],
        ['leaders', GROUPS.map((group) => `${nameOf(group)}: ${leaderOf(seen, group) || 'none'}`).join('; ')],
        ['longest wait', `${load.longestWaitMs.toFixed(0)} ms`],
        ['money', `${money} of ${MONEY}`],
      ]);
      [before, at] = [now, nowAt];
    }
  }

  /** A checkpoint has a hash for each stream's state. The replicas compare theirs, each with all others. */
  async #compareStates(): Promise<void> {
    const { id, parts } = await this.#cluster.checkpoint(this.#stopped);
    const hashes = parts.slice(1).map(({ hash }, at) => `${nameOf(at + 1)} ${hash}`);
    this.#screen.event(`checkpoint ${id}: ${hashes.join(', ')}`);
    const agreed = (seen: Statuses): boolean => seen.every((each) => each?.lastAgreedCheckpoint === id);
    await this.#until('all agree on the checkpoint', agreed, this.#stopped);
    this.#screen.event(`replicas ${this.#cluster.ids.join(', ')} agree: they hold the same state`);
  }

  async #until(what: string, holds: (seen: Statuses) => boolean, signal: AbortSignal): Promise<Statuses> {
    for (const deadline = performance.now() + WAIT_MS; performance.now() < deadline;) {
      const seen = await this.#cluster.statuses();
      if (holds(seen)) return seen;
      await pause(50, undefined, { signal });
    }
    throw new Error(`Not within ${WAIT_MS} ms: ${what}.`);
  }
}

/** All money, read between two transfers. */
async function checkedTotal(load: Load): Promise<number> {
  const money = await load.total();
  if (money !== MONEY) throw new Error(`${MONEY} were deposited, and ${money} are there.`);
  return money;
}
