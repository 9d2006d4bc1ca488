/**
 * What clients of the lists asked for and were answered, and what every stream of every replica executed: all of it is
 * held against the groups' committed logs in the end.
 */
import { expect } from 'vitest';
import type { PartitionMap } from '../../src/classifier/partition-map.js';
import { CommandRouter } from '../../src/client/command-router.js';
import { streamsOf } from '../../src/execution/stream-set.js';
import type { Entry } from '../../src/ordering/group-log.js';
import { commandCount, decodeCommandsFrame, FLAG_READ_ONLY } from '../../src/transport/frames.js';
import { ListModel, observer, service } from './list-service.js';
import type { ModelCommand } from './model-service.js';
import { serialOrder } from './serial-order.js';
import { violation, type Operation } from './strict-serializability.js';

const NEVER_EXECUTED = 'never executed';

interface Asked {
  readonly command: ModelCommand;
  readonly called: number;
  answered: number;
}

/** A replica's state: as text, and the command ids of each list. */
export interface Content {
  readonly exact: string;
  readonly lists: ReadonlyMap<string, readonly number[]>;
}

export class ListHistory {
  readonly outcomes = new Map<number, unknown>();
  readonly #asked = new Map<number, Asked>();
  /** What each stream of each replica executed, in order, from its last start on. */
  readonly #traces = new Map<string, number[]>();
  readonly #map: PartitionMap;
  readonly #router: CommandRouter;
  #moment = 0;

  constructor(map: PartitionMap) {
    this.#map = map;
    this.#router = new CommandRouter(service, map);
  }

  get allAnswered(): boolean {
    return this.outcomes.size === this.#asked.size;
  }

  get unanswered(): number[] {
    return [...this.#asked.keys()].filter((id) => !this.outcomes.has(id));
  }

  sent(commands: readonly (readonly [id: number, command: ModelCommand])[]): void {
    for (const [id, command] of commands)
      this.#asked.set(id, { command, called: this.#moment++, answered: Number.POSITIVE_INFINITY });
  }

  readonly answered = (id: number, value: unknown): void => {
    if (this.outcomes.has(id)) throw new Error(`command ${id} was answered twice`);
    this.outcomes.set(id, value);
    const asked = this.#asked.get(id);
    if (asked !== undefined) asked.answered = this.#moment++;
  };

  /** A frame that was refused was sent only once, and is not sent again: none of it may ever be executed. */
  readonly givenUp = (ids: readonly number[]): void => {
    for (const id of ids) this.outcomes.set(id, NEVER_EXECUTED);
  };

  /** A replica begins: what it executes is counted anew. */
  started(replica: number): void {
    for (let stream = 1; stream <= this.#map.streams; stream++) this.#traces.set(`${replica}/${stream}`, []);
  }

  /** What is executed from now on is executed by this replica's stream. */
  observe(replica: number, stream: number): void {
    const trace = this.#traces.get(`${replica}/${stream}`);
    observer.executed = (id) => trace?.push(id);
  }

  /** The newest group-0 index that concerns a stream. */
  static wanted(sync: readonly Entry[], stream: number): number {
    const concerns = (entry: Entry): boolean =>
      entry.frames.some((bytes) =>
        decodeCommandsFrame(bytes).segments.some((segment) => streamsOf(segment).includes(stream)),
      );
    return admittedOnly(sync, true).findLast(concerns)?.index ?? 0;
  }

  /** All that has to hold in the end. `logs`: committed, group 0's first. */
  check(logs: readonly (readonly Entry[])[], contents: readonly Content[]): void {
    const order = serialOrder(logs.map((log) => admittedOnly(log, false)));
    const model = new ListModel();
    const expected = new Map(order.map((command) => [command[1]['id'] as number, model.run(command)]));
    for (const content of contents) {
      expect(content.lists).toEqual(new Map([...model.lists].sort(([a], [b]) => (a < b ? -1 : 1))));
      expect(content.exact).toBe(contents[0]?.exact);
    }
    for (const [id, { command }] of this.#asked) {
      if (isRead(command)) continue;
      expect(expected.has(id) ? expected.get(id) : NEVER_EXECUTED, `command ${id}`).toEqual(this.outcomes.get(id));
    }
    expect(violation(this.#operations(model.lists), model.lists)).toBe(null);
    this.#checkTraces(order);
  }

  #operations(lists: ReadonlyMap<string, unknown>): Operation[] {
    return [...this.#asked].flatMap(([id, { command, called, answered }]) => {
      const outcome = this.outcomes.get(id);
      if (outcome === NEVER_EXECUTED) return [];
      const appends = isRead(command) ? [] : command[0] === 'markEvery' ? ('every' as const) : keysOf(command);
      const reads = isRead(command) ? readsOf(command, outcome, lists) : new Map<string, number[]>();
      return { id, called, answered, appends, reads };
    });
  }

  /** Each stream of each replica has executed the end, or since its start all, of one and the same order. */
  #checkTraces(order: readonly ModelCommand[]): void {
    for (const [place, trace] of this.#traces) {
      const stream = Number(place.split('/')[1]);
      const inStream = order
        .filter((command) => command[0] === 'mark' || command[0] === 'markAll')
        .filter(([name, args]) => streamsOf(this.#router.route(name, args).mask).includes(stream))
        .map(([, args]) => args['id']);
      expect(trace, `order in replica/stream ${place}`).toEqual(inStream.slice(inStream.length - trace.length));
    }
  }
}

function isRead([name]: ModelCommand): boolean {
  return name === 'marks' || name === 'marksOf' || name === 'marksEvery';
}

/** What a read saw of each key that it asked for; of a key that was not there yet: nothing. */
function readsOf(command: ModelCommand, outcome: unknown, lists: ReadonlyMap<string, unknown>): Map<string, number[]> {
  if (command[0] !== 'marksEvery') {
    const found = outcome as number[][];
    return new Map(keysOf(command).map((key, at) => [key, found[at] ?? []]));
  }
  const found = new Map(outcome as [string, number[]][]);
  return new Map([...lists.keys()].map((key) => [key, found.get(key) ?? []]));
}

function keysOf([, args]: ModelCommand): readonly string[] {
  const { key, keys } = args as { key?: string; keys?: readonly string[] };
  return [...new Set(keys ?? (key === undefined ? [] : [key]))];
}

/** A group's log without the frames that sessions keep from being executed: said once more, from the rules alone. */
function admittedOnly(log: readonly Entry[], withReads: boolean): Entry[] {
  const last = new Map<string, number>();
  return log.map((entry) => ({
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
