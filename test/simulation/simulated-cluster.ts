/** N replicas, their logs, their clients, and a seed that lets leaders change, tails be lost and replicas restart. */
import { expect } from 'vitest';
import type { PartitionMap } from '../../src/classifier/partition-map.js';
import type { CheckpointManifest } from '../../src/storage/checkpoint-store.js';
import { MemoryCheckpointStore } from '../../src/storage/memory-checkpoint-store.js';
import { IdealGroup } from './ideal-replicated-log.js';
import { ListClient, type Cluster } from './list-client.js';
import { ListHistory } from './list-history.js';
import type { ModelCommand } from './model-service.js';
import { copyCheckpoint, SimulatedReplica } from './simulated-replica.js';

export class SimulatedCluster implements Cluster {
  readonly groups: IdealGroup[];
  readonly replicas: (SimulatedReplica | null)[];
  readonly stores: MemoryCheckpointStore[];
  readonly clients: ListClient[];
  readonly history: ListHistory;
  readonly counts = { elections: 0, crashes: 0, checkpoints: 0, refusedCheckpoints: 0, lostEntries: 0, givenUp: 0 };
  readonly #hashes = new Map<number, string>();
  readonly impatience: number;
  #isCalm = false;
  #steps = 0;

  constructor(
    readonly map: PartitionMap,
    readonly random: () => number,
    replicas: number,
    clients: number,
  ) {
    this.groups = Array.from({ length: map.streams + 1 }, (_, group) => new IdealGroup(group, replicas, random));
    this.stores = Array.from({ length: replicas }, () => new MemoryCheckpointStore());
    this.history = new ListHistory(map);
    this.impatience = random() < 0.5 ? 0 : 0.01;
    this.replicas = this.stores.map(() => null);
    for (let number = 1; number <= replicas; number++) this.#start(number, null);
    this.clients = Array.from({ length: clients }, (_, at) => new ListClient(at + 1, this));
  }

  readonly calm = (): boolean => this.#isCalm;

  /** From here on leaders stay, and everybody is up. */
  async calmDown(): Promise<void> {
    this.#isCalm = true;
    for (let number = 1; number <= this.replicas.length; number++) await this.restart(number);
  }

  send(client: number, commands: readonly (readonly [id: number, command: ModelCommand])[]): void {
    this.history.sent(commands);
    this.clients[client]?.send(commands);
  }

  readonly answered = (id: number, value: unknown): void => this.history.answered(id, value);

  readonly givenUp = (ids: readonly number[]): void => {
    this.history.givenUp(ids);
    this.counts.givenUp += ids.length;
  };

  /** One thing happens somewhere. */
  async step(): Promise<void> {
    this.#steps++;
    const roll = this.random();
    if (roll < 0.55) this.poll(this.#anyone(), Math.floor(this.random() * this.groups.length));
    else if (roll < 0.8) this.#pick(this.groups).step();
    else if (roll < 0.99) this.#pick(this.clients).step();
    else await this.#stir();
  }

  poll(number: number, group: number): void {
    this.history.observe(number, group);
    this.replicas[number - 1]?.poll(group);
  }

  elect(group: number, number: number): boolean {
    const shared = this.groups[group] as IdealGroup;
    const before = shared.leader === 0 ? 0 : shared.log(shared.leader).lastIndex;
    if (!shared.elect(number)) return false;
    this.counts.elections++;
    this.counts.lostEntries += Math.max(0, before + 1 - shared.log(number).lastIndex);
    return true;
  }

  async crash(number: number): Promise<void> {
    const replica = this.replicas[number - 1];
    const alive = this.replicas.filter((each) => each !== null).length;
    if (!replica || (alive - 1) * 2 <= this.replicas.length) return;
    replica.crash();
    this.replicas[number - 1] = null;
    for (const group of this.groups) group.crash(number);
    await this.#finishWriting(number, replica);
    this.counts.crashes++;
  }

  async restart(number: number): Promise<void> {
    if (this.replicas[number - 1] !== null) return;
    const own = this.stores[number - 1] as MemoryCheckpointStore;
    if (this.random() < 0.3) await copyCheckpoint(this.#pick(this.stores), own);
    this.#start(number, own.newest());
  }

  takeCheckpoint(number: number): void {
    this.replicas[number - 1]?.coordinator.take().catch((error: unknown) => {
      expect(error).toMatchObject({ code: expect.stringMatching(/^(NOT_LEADER|OVERLOADED)$/) as string });
      this.counts.refusedCheckpoints++;
    });
  }

  describe(): string {
    const groups = this.groups.map(
      (group) =>
        `group ${group.group}: leader ${group.leader}, committed ${group.committed.length}, here ` +
        this.replicas
          .map((replica, at) => {
            const log = group.log(at + 1);
            const executor = replica?.streams[group.group - 1]?.executor;
            const state = executor === undefined ? '' : `, at ${executor.executedIndex} and ${executor.syncIndex}`;
            const queued = replica?.nodes[group.group]?.queuedBytes ?? 0;
            return `[${queued} B ${log.committedIndex}/${log.lastIndex}${state}]`;
          })
          .join(' '),
    );
    return [...groups, ...this.clients.map((client) => client.describe())].join('\n');
  }

  /** Whether every replica has executed all of the logs, and counts nothing as waiting. */
  get drained(): boolean {
    return this.replicas.every(
      (replica, at) =>
        replica !== null &&
        replica.queuedBytes === 0 &&
        !replica.coordinator.running &&
        this.groups.every(({ committed }, group) => {
          const log = this.groups[group]?.log(at + 1);
          const executed = group === 0 || replica.streams[group - 1]?.executor.executedIndex === committed.length;
          const merged =
            group === 0 ||
            (replica.streams[group - 1]?.executor.syncIndex ?? 0) >=
              ListHistory.wanted(this.groups[0]?.entries ?? [], group);
          return executed && merged && log?.committedIndex === log?.lastIndex && log?.lastIndex === committed.length;
        }),
    );
  }

  /** All that has to hold in the end. */
  check(): void {
    const contents = this.replicas.flatMap((replica) => (replica === null ? [] : [replica.content]));
    expect(contents.length).toBe(this.replicas.length);
    this.history.check(
      this.groups.map((group) => group.entries),
      contents,
    );
  }

  async #stir(): Promise<void> {
    const number = this.#anyone();
    const roll = this.random();
    if (roll < 0.25) await this.#finishWriting(number, this.replicas[number - 1] ?? null);
    else if (this.#isCalm) {
      this.#electMissing();
      return;
    } else if (roll < 0.5) this.elect(Math.floor(this.random() * this.groups.length), number);
    else if (roll < 0.6) await this.crash(number);
    else if (roll < 0.7) await this.restart(number);
    else if (roll < 0.85) this.takeCheckpoint(number);
    else this.#electMissing();
  }

  async #finishWriting(number: number, replica: SimulatedReplica | null): Promise<void> {
    for (const group of this.groups) group.log(number).writeDisk(1);
    await replica?.finishWriting();
  }

  #electMissing(): void {
    for (const { group, leader } of this.groups) if (leader === 0) this.elect(group, this.#anyone());
  }

  #start(number: number, checkpoint: CheckpointManifest | null): void {
    const logs = this.groups.map((group, at) => group.restart(number, (checkpoint?.parts[at]?.nextIndex ?? 1) - 1));
    this.history.started(number);
    this.replicas[number - 1] = new SimulatedReplica({
      number,
      map: this.map,
      logs,
      store: this.stores[number - 1] as MemoryCheckpointStore,
      checkpoint,
      // Clocks differ by seconds, and run on.
      nowMs: () => 10_000 + ((number * 7919) % 5000) + this.#steps,
      completed: (manifest) => this.#compareHashes(manifest),
      failed: (error) => {
        throw error;
      },
    });
  }

  #compareHashes({ id, parts }: CheckpointManifest): void {
    this.counts.checkpoints++;
    const hashes = parts.map(({ part, nextIndex, keys, hash }) => `${part}: ${nextIndex} ${keys} ${hash}`).join(', ');
    expect(hashes, `checkpoint ${id}`).toBe(this.#hashes.get(id) ?? hashes);
    this.#hashes.set(id, hashes);
  }

  #anyone(): number {
    return 1 + Math.floor(this.random() * this.replicas.length);
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)] as T;
  }
}
