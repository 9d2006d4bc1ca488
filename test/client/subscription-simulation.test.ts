import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import type { SubscribeOptions, Subscription, SubscriptionPosition } from '../../src/client/subscription.js';
import { Subscriptions } from '../../src/client/subscriptions.js';
import { PsmrError } from '../../src/errors.js';
import { seededRandom } from '../seeded-random.js';
import { SimulatedClock } from './simulated-clock.js';
import { SubscriptionCluster, type Published } from './subscription-cluster.js';

const STREAMS = 2;
const KEPT = 40;
const RUNS = Number(process.env['SUBSCRIPTION_RUNS'] ?? 30);
const MAP = createPartitionMap({ streams: STREAMS });
const KEYS = ['a', 'b/1', 'b/2', 'c/1', 'c/2', 'd', 'e', 'f'];

/** A subscriber, slow or not, that comes back after each end, from its position or from now on. */
class Reader {
  readonly #cluster: SubscriptionCluster;
  readonly #options: SubscribeOptions;
  readonly #random: () => number;
  readonly #pauseMs: number;
  readonly #subscriptions: Subscriptions;
  /** By stream: the number of the newest event that came, or the place where it began. */
  #seen: number[] = [];
  position: SubscriptionPosition | null = null;
  received = 0;
  lost = 0;
  #over = false;

  constructor(cluster: SubscriptionCluster, random: () => number, pauseMs: number) {
    this.#cluster = cluster;
    this.#random = random;
    const { clock, openLink } = cluster;
    this.#subscriptions = new Subscriptions({
      clock,
      openLink,
      silenceMs: 50,
      giveUpMs: 60_000,
      newSession: () => new Uint8Array(16),
      map: () => Promise.resolve(MAP),
    });
    this.#pauseMs = pauseMs;
    const some = KEYS.filter(() => random() < 0.4);
    this.#options = random() < 0.5 ? { prefixes: ['b/', 'd'] } : { keys: [...some, 'a'], prefixes: ['c/'] };
  }

  async run(): Promise<void> {
    while (!this.#over) {
      const after = this.position;
      const before = Array.from({ length: STREAMS }, (_, at) => this.#cluster.history(at + 1).length);
      try {
        const subscription = await this.#open(after);
        if (after === null) this.#begin(subscription.position, before);
        await this.#read(subscription);
      } catch (thrown) {
        if (!(thrown instanceof PsmrError)) throw thrown;
        if (thrown.code === 'CLIENT_CLOSED') return;
        if (thrown.code !== 'SUBSCRIPTION_LOST') throw thrown;
        // Who begins now has nothing to lose.
        if (this.position === null) throw thrown;
        this.#checkLost(this.position);
        this.lost++;
        this.position = null;
      }
    }
  }

  end(): void {
    this.#over = true;
    this.#subscriptions.close();
  }

  /** All that was published and that it wants has come. */
  get complete(): boolean {
    return this.#seen.every((seen, at) => this.#next(at + 1, seen) === null);
  }

  #open(after: SubscriptionPosition | null): Promise<Subscription> {
    const bufferBytes = this.#random() < 0.5 ? 1024 : 4096;
    return this.#subscriptions.open({ ...this.#options, bufferBytes, ...(after === null ? {} : { after }) });
  }

  /** What was published before it subscribed, it may count on finding in the state. */
  #begin(position: SubscriptionPosition, before: readonly number[]): void {
    this.position = position;
    this.#seen = position.map((place, at) => place?.[1] ?? this.#cluster.history(at + 1).length);
    position.forEach((place, at) => {
      if (place !== null) expect(place[1]).toBeGreaterThanOrEqual(before[at] as number);
    });
  }

  async #read(subscription: Subscription): Promise<void> {
    while (!this.#over) {
      const { done, value } = await subscription.next();
      if (done === true) return;
      const { stream, sequence, key } = value;
      // No gap, no repetition: it is the next one of those that it wants.
      const next = this.#next(stream, this.#seen[stream - 1] as number);
      expect([stream, sequence, key, value.value]).toEqual([stream, next?.sequence, next?.key, next?.value]);
      this.#seen[stream - 1] = sequence;
      this.received++;
      this.position = subscription.position;
      if (this.#pauseMs > 0) await this.#sleep(this.#random() * this.#pauseMs);
      if (this.#random() < 0.01) {
        subscription.close();
        return;
      }
    }
  }

  #next(stream: number, seen: number): (Published & { sequence: number }) | null {
    const { keys = [], prefixes = [] } = this.#options;
    const history = this.#cluster.history(stream);
    for (let sequence = seen + 1; sequence <= history.length; sequence++) {
      const event = history[sequence - 1] as Published;
      if (keys.includes(event.key) || prefixes.some((prefix) => event.key.startsWith(prefix)))
        return { ...event, sequence };
    }
    return null;
  }

  /** Only those are lost who were as far behind as that. */
  #checkLost(position: SubscriptionPosition): void {
    const behind = position.map((place, at) => this.#cluster.history(at + 1).length - (place?.[1] ?? Infinity));
    expect(Math.max(...behind)).toBeGreaterThan(KEPT);
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#cluster.clock.after(ms, resolve));
  }
}

/** One thing that happens to the cluster. */
function disturb(cluster: SubscriptionCluster, random: () => number): void {
  const replica = cluster.copies[Math.floor(random() * cluster.copies.length)] ?? [];
  const copy = replica[Math.floor(random() * STREAMS)];
  const link = cluster.links[Math.floor(random() * cluster.links.length)];
  const what = random();
  if (what < 0.3) link?.breakOff();
  else if (what < 0.4 && link !== undefined) link.dead = true;
  else if (what < 0.6) copy?.restart();
  else if (what < 0.8) copy?.takeCheckpoint();
  // A majority is never cut off.
  else copy?.setCutOff(!copy.cutOff && cluster.copies.every((one) => one[copy.stream - 1]?.cutOff === false));
}

async function simulate(seed: number): Promise<Reader[]> {
  const random = seededRandom(seed);
  const clock = new SimulatedClock(seededRandom(seed + 1));
  const cluster = new SubscriptionCluster({
    clock,
    replicas: 3,
    streams: STREAMS,
    eventsKeptMax: KEPT,
    epoch: MAP.epoch,
  });
  const readers = [0, 0, 5, 60].map((pauseMs) => new Reader(cluster, random, pauseMs));
  let failure: Error | null = null;
  const runs = readers.map((reader) => reader.run().catch((thrown: unknown) => void (failure ??= thrown as Error)));
  const turn = async (untilMs: number): Promise<void> => {
    clock.run(untilMs);
    await new Promise((resolve) => setImmediate(resolve));
    if (failure !== null) throw failure;
  };
  for (let now = 0; now < 1500; now += 3) {
    for (let burst = random() * 3; burst > 1; burst--) {
      const key = KEYS[Math.floor(random() * KEYS.length)] as string;
      cluster.publish(MAP.streamOf(key), key);
    }
    if (random() < 0.08) disturb(cluster, random);
    await turn(now);
  }
  for (const copy of cluster.copies.flat()) copy.setCutOff(false);
  for (let now = 1500; now < 20_000 && !readers.every(({ complete }) => complete); now += 3) await turn(now);
  expect(readers.map(({ complete }) => complete)).toEqual(readers.map(() => true));
  for (const reader of readers) reader.end();
  await turn(clock.now() + 100);
  await Promise.all(runs);
  return readers;
}

it('every subscriber sees every change once and in order, or is told that it cannot', async () => {
  let received = 0;
  let lost = 0;
  await fc.assert(
    fc.asyncProperty(fc.nat(), async (seed) => {
      for (const reader of await simulate(seed)) {
        received += reader.received;
        lost += reader.lost;
      }
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
  // Both happen, or nothing was tried.
  expect(received).toBeGreaterThan(RUNS * 100);
  if (RUNS >= 60) expect(lost).toBeGreaterThan(0);
});
