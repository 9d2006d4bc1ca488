/** N replicas, their logs, their clients, and a seed that lets leaders change, tails be lost and replicas restart. */
import { expect } from 'vitest';
import type { PartitionMap } from '../../src/classifier/partition-map.js';
import { streamsOf } from '../../src/execution/stream-set.js';
import { CommandRouter } from '../../src/client/command-router.js';
import { commandCount, decodeCommandsFrame, FLAG_READ_ONLY } from '../../src/transport/frames.js';
import type { Entry } from '../../src/ordering/group-log.js';
import type { CheckpointManifest } from '../../src/storage/checkpoint-store.js';
import { MemoryCheckpointStore } from '../../src/storage/memory-checkpoint-store.js';
import { IdealGroup } from './ideal-replicated-log.js';
import { ListClient, type Cluster } from './list-client.js';
import { ListModel, observer, service } from './list-service.js';
import type { ModelCommand } from './model-service.js';
import { serialOrder } from './serial-order.js';
import { copyCheckpoint, SimulatedReplica } from './simulated-replica.js';

const NEVER_EXECUTED = 'never executed';

/** A read and what had been acknowledged, on its keys, before it was asked. */
interface AskedRead {
  readonly keys: readonly string[];
  readonly acknowledged: readonly (readonly number[])[];
}

export class SimulatedCluster implements Cluster {
  readonly groups: IdealGroup[];
  readonly replicas: (SimulatedReplica | null)[];
  readonly stores: MemoryCheckpointStore[];
  readonly clients: ListClient[];
  readonly outcomes = new Map<number, unknown>();
  readonly counts = { elections: 0, crashes: 0, checkpoints: 0, refusedCheckpoints: 0, lostEntries: 0, givenUp: 0 };
  /** What each stream of each replica executed, in order, from its last start on. */
  readonly traces = new Map<string, number[]>();
  readonly #commands = new Map<number, ModelCommand>();
  readonly #acknowledged = new Map<string, number[]>();
  readonly #reads = new Map<number, AskedRead>();
  readonly #hashes = new Map<number, string>();
  readonly #router: CommandRouter;
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
    this.#router = new CommandRouter(service, map);
    this.impatience = random() < 0.5 ? 0 : 0.01;
    this.replicas = this.stores.map(() => null);
    for (let number = 1; number <= replicas; number++) this.#start(number, null);
    this.clients = Array.from({ length: clients }, (_, at) => new ListClient(at + 1, this));
  }

  readonly calm = (): boolean => this.#isCalm;

  get allAnswered(): boolean {
    return this.outcomes.size === this.#commands.size;
  }

  /** From here on leaders stay, and everybody is up. */
  async calmDown(): Promise<void> {
    this.#isCalm = true;
    for (let number = 1; number <= this.replicas.length; number++) await this.restart(number);
  }

  send(client: number, commands: readonly (readonly [id: number, command: ModelCommand])[]): void {
    for (const [id, command] of commands) {
      this.#commands.set(id, command);
      const keys = keysOf(command);
      if (isRead(command))
        this.#reads.set(id, { keys, acknowledged: keys.map((key) => [...(this.#acknowledged.get(key) ?? [])]) });
    }
    this.clients[client]?.send(commands);
  }

  readonly answered = (id: number, value: unknown): void => {
    if (this.outcomes.has(id)) throw new Error(`command ${id} was answered twice`);
    this.outcomes.set(id, value);
    const command = this.#commands.get(id);
    if (command === undefined || isRead(command)) return;
    for (const key of keysOf(command)) {
      const known = this.#acknowledged.get(key) ?? [];
      this.#acknowledged.set(key, known);
      known.push(id);
    }
  };

  /** A frame that was refused was sent only once, and is not sent again: none of it may ever be executed. */
  readonly givenUp = (ids: readonly number[]): void => {
    for (const id of ids) this.outcomes.set(id, NEVER_EXECUTED);
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
    const trace = this.traces.get(`${number}/${group}`);
    observer.executed = (id) => trace?.push(id);
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
    await replica.finishWriting();
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
          const merged = group === 0 || (replica.streams[group - 1]?.executor.syncIndex ?? 0) >= this.#wanted(group);
          return executed && merged && log?.committedIndex === log?.lastIndex && log?.lastIndex === committed.length;
        }),
    );
  }

  /** All that has to hold in the end. */
  check(): void {
    const order = serialOrder(this.groups.map((group) => admittedOnly(group, false)));
    const model = new ListModel();
    const expected = new Map(order.map((command) => [command[1]['id'] as number, model.run(command)]));
    const contents = this.replicas.map((replica) => replica?.content);
    for (const content of contents) {
      expect(content?.lists).toEqual(new Map([...model.lists].sort(([a], [b]) => (a < b ? -1 : 1))));
      expect(content?.exact).toBe(contents[0]?.exact);
    }
    for (const list of model.lists.values()) expect(new Set(list).size).toBe(list.length);
    for (const [id, command] of this.#commands) {
      if (isRead(command)) this.#checkRead(id, model);
      else expect(expected.has(id) ? expected.get(id) : NEVER_EXECUTED, `command ${id}`).toEqual(this.outcomes.get(id));
    }
    this.#checkTraces(order);
  }

  #checkRead(id: number, model: ListModel): void {
    const read = this.#reads.get(id) as AskedRead;
    const found = this.outcomes.get(id) as number[][];
    read.keys.forEach((key, at) => {
      const list = found[at] ?? [];
      expect(list, `read ${id} of ${key}`).toEqual((model.lists.get(key) ?? []).slice(0, list.length));
      expect(list, `read ${id} of ${key}`).toEqual(expect.arrayContaining([...(read.acknowledged[at] ?? [])]));
    });
  }

  /** Each stream of each replica has executed the end, or since its start all, of one and the same order. */
  #checkTraces(order: readonly ModelCommand[]): void {
    for (let stream = 1; stream <= this.map.streams; stream++) {
      const inStream = order
        .filter((command) => command[0] === 'mark' || command[0] === 'markAll')
        .filter(([name, args]) => streamsOf(this.#router.route(name, args).mask).includes(stream))
        .map(([, args]) => args['id']);
      for (let number = 1; number <= this.replicas.length; number++) {
        const trace = this.traces.get(`${number}/${stream}`) ?? [];
        expect(trace, `order in stream ${stream} of replica ${number}`).toEqual(
          inStream.slice(inStream.length - trace.length),
        );
      }
    }
  }

  #wanted(stream: number): number {
    const sync = admittedOnly(this.groups[0] as IdealGroup, true);
    const concerns = (entry: Entry): boolean =>
      entry.frames.some((bytes) =>
        decodeCommandsFrame(bytes).segments.some((segment) => streamsOf(segment).includes(stream)),
      );
    return sync.findLast(concerns)?.index ?? 0;
  }

  async #stir(): Promise<void> {
    const number = this.#anyone();
    const roll = this.random();
    if (roll < 0.25) await this.replicas[number - 1]?.finishWriting();
    else if (this.#isCalm) {
      this.#electMissing();
      return;
    } else if (roll < 0.5) this.elect(Math.floor(this.random() * this.groups.length), number);
    else if (roll < 0.6) await this.crash(number);
    else if (roll < 0.7) await this.restart(number);
    else if (roll < 0.85) this.takeCheckpoint(number);
    else this.#electMissing();
  }

  #electMissing(): void {
    for (const { group, leader } of this.groups) if (leader === 0) this.elect(group, this.#anyone());
  }

  #start(number: number, checkpoint: CheckpointManifest | null): void {
    const logs = this.groups.map((group, at) => group.restart(number, (checkpoint?.parts[at]?.nextIndex ?? 1) - 1));
    for (let stream = 1; stream < logs.length; stream++) this.traces.set(`${number}/${stream}`, []);
    this.replicas[number - 1] = new SimulatedReplica({
      number,
      map: this.map,
      logs,
      store: this.stores[number - 1] as MemoryCheckpointStore,
      checkpoint,
      // Clocks differ by seconds, and run on.
      nowMs: () => 10_000 + ((number * 7919) % 5000) + this.#steps,
      completed: (manifest) => this.#compareHashes(manifest),
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

function isRead([name]: ModelCommand): boolean {
  return name === 'marks' || name === 'marksOf';
}

function keysOf([, args]: ModelCommand): readonly string[] {
  const { key, keys } = args as { key?: string; keys?: readonly string[] };
  return keys ?? (key === undefined ? [] : [key]);
}

/** A group's log without the frames that sessions keep from being executed: said once more, from the rules alone. */
function admittedOnly(group: IdealGroup, withReads: boolean): Entry[] {
  const last = new Map<string, number>();
  return group.entries.map((entry) => ({
    ...entry,
    frames: entry.frames.filter((bytes) => {
      const frame = decodeCommandsFrame(bytes);
      if ((frame.flags & FLAG_READ_ONLY) !== 0) return withReads;
      const session = Buffer.from(frame.session).toString('hex');
      if (frame.firstSequence !== (last.get(session) ?? 0) + 1) return false;
      last.set(session, frame.firstSequence + commandCount(frame) - 1);
      return true;
    }),
  }));
}
