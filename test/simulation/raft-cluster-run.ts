/** One seed, from the start of a cluster to its peaceful end. */
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { CommandRouter } from '../../src/client/command-router.js';
import { seededRandom } from '../seeded-random.js';
import { ClusterFaults } from './cluster-faults.js';
import { randomCommand, service } from './list-service.js';
import { RaftCluster } from './raft-cluster.js';

/** Once faults have ended, in virtual time. */
const PEACE_MS = 20_000;
/** Clients, the last ones, that do nothing but look for a leader that answers though it was replaced. */
const DUELLISTS = 2;
const DUEL_MS = 350;

export async function runCluster(seed: number): Promise<RaftCluster> {
  const random = seededRandom(seed);
  const streams = 1 + Math.floor(random() * 4);
  const leases = random() < 0.3;
  const cluster = new RaftCluster({
    map: createPartitionMap({ streams, partitioning: {} }),
    random,
    replicas: random() < 0.8 ? 3 : 5,
    clients: 1 + Math.floor(random() * 3) + DUELLISTS,
    clockRate: () => 0.8 + random() * 0.45,
    timing: { heartbeatMs: 25, electionMs: 100, leaseMs: leases ? 60 : 0, noticeMs: random() < 0.5 ? 0 : 2 },
    flow: {
      appendBytesMax: random() < 0.5 ? 1 : 2048,
      inflightBytesMax: 8192,
      inflightAppendsMax: random() < 0.5 ? 1 : 4,
    },
  });
  const badDaysMs = 1000 + random() * 3000;
  const load = new Load(cluster, random, badDaysMs);
  const faults = new ClusterFaults(cluster, { leases, burst: load.burst, duel: load.duel });
  await cluster.passUntil(badDaysMs);
  if (random() < 0.4) {
    faults.lastBlow();
    await cluster.passUntil(badDaysMs + random() * 150);
  }
  faults.end();
  const settled = await cluster.passUntil(
    cluster.time.now + PEACE_MS,
    () => cluster.history.allAnswered && cluster.drained && cluster.complete,
  );
  if (!settled)
    throw new Error(
      `no end after ${PEACE_MS} ms of peace, ${cluster.history.unanswered.length} unanswered:\n${cluster.describe()}`,
    );
  cluster.check();
  return cluster;
}

/** Commands in small batches, spread over the bad days and a little beyond; `burst` sends some of them at once. */
class Load {
  readonly #cluster: RaftCluster;
  readonly #random: () => number;
  readonly #keys: readonly string[];
  readonly #total: number;
  readonly #router: CommandRouter;
  #sent = 0;
  /** The next id of a command beyond the usual ones. */
  #extra = 1000;

  constructor(cluster: RaftCluster, random: () => number, withinMs: number) {
    this.#cluster = cluster;
    this.#random = random;
    this.#router = new CommandRouter(service, cluster.map);
    this.#keys = Array.from({ length: 2 + Math.floor(random() * 8) }, (_, at) => `k${at}`);
    this.#total = 20 + Math.floor(random() * 80);
    for (let batch = 0; batch < this.#total / 3; batch++) {
      cluster.time.after(random() * withinMs * 1.05, () => this.#send(1 + Math.floor(random() * 5)));
    }
  }

  readonly burst = (): void => {
    for (let batch = 0; batch < 4; batch++) this.#send(2);
  };

  /** What a stream's new leader answers to have written, a read that begins afterwards has to see, whoever answers it. */
  readonly duel = (stream: number, oldLeader: number): void => {
    const { clients, time } = this.#cluster;
    const [writer, reader] = clients.map((_, at) => at).slice(-DUELLISTS) as [number, number];
    clients[writer]?.restrict(stream, (replica) => replica !== oldLeader);
    clients[reader]?.restrict(stream, (replica) => replica === oldLeader);
    const key = this.#keyOf(stream);
    for (let at = 0; at < DUEL_MS; at += 5 + this.#random() * 5) {
      time.after(at, () => {
        this.#cluster.send(reader, [[this.#extra++, ['marks', { key }]]]);
        const id = this.#extra++;
        if (this.#cluster.clients[writer]?.idle === true) this.#cluster.send(writer, [[id, ['mark', { key, id }]]]);
      });
    }
    time.after(DUEL_MS * 1.5, () => {
      for (const client of [writer, reader]) clients[client]?.restrict(stream, () => true);
    });
  };

  #keyOf(stream: number): string {
    for (let at = 0; ; at++) {
      const key = `d${at}`;
      if (this.#router.route('marks', { key }).group === stream) return key;
    }
  }

  #send(size: number): void {
    const first = this.#sent;
    this.#sent = Math.min(this.#total, first + size);
    const batch = Array.from({ length: this.#sent - first }, (_, at) => {
      return [first + at, randomCommand(this.#random, this.#keys, first + at)] as const;
    });
    if (batch.length > 0)
      this.#cluster.send(Math.floor(this.#random() * (this.#cluster.clients.length - DUELLISTS)), batch);
  }
}
