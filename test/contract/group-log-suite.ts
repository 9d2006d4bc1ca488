/** What every GroupLog does, whatever it stands on (invariant I5). */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type PsmrError } from '../../src/errors.js';
import { EntryKind, type Entry, type LogPosition, type Proposal } from '../../src/ordering/group-log.js';
import { seededRandom } from '../seeded-random.js';
import { GroupLogHistory, type OpenLog } from './group-log-history.js';

/** The replicas of one group, all of them running unless a call here is under way. */
export interface GroupLogPlace {
  readonly logs: readonly OpenLog[];
  /** The one that may propose. */
  leader(): Promise<OpenLog>;
  /** Lets time pass until something holds. */
  until(what: string, holds: () => boolean): Promise<void>;
  /** Stops a replica in an orderly way and starts it again, from its last checkpoint on; null: its log is gone then. */
  readonly restart: ((open: OpenLog, startFrom?: number) => Promise<OpenLog>) | null;
  /** The replica has a checkpoint that covers what is below `index`. */
  truncateBelow(open: OpenLog, index: number): Promise<void>;
  /** The replica's machine loses power; where there are others, they go on before it is back. Null: all would be lost. */
  readonly crash: ((open: OpenLog) => Promise<void>) | null;
  remove(): Promise<void>;
}

const SEEDS = Number(process.env['GROUP_LOG_SEEDS'] ?? 3);

const commands = (text: string, timestampMs = 1, mergePoint = 0): Proposal => ({
  kind: EntryKind.commands,
  timestampMs,
  mergePoint,
  frames: [Buffer.from(text)],
});

const isCommands = ({ kind }: Entry): boolean => kind === EntryKind.commands;
const textOf = ({ frames }: Entry): string => Buffer.from(frames[0] ?? []).toString();
const textsOf = ({ taken }: OpenLog): string[] => taken.filter(isCommands).map(textOf);
const numbered = (count: number): string[] => Array.from({ length: count }, (_, at) => `c${at + 1}`);

export function describeGroupLog(name: string, makePlace: (seed: number) => Promise<GroupLogPlace>): void {
  describe(`group log: ${name}`, () => {
    let place: GroupLogPlace;
    let history: GroupLogHistory;

    const everywhere = async (index: number): Promise<void> => {
      await place.until(`entry ${index} is taken everywhere`, () =>
        place.logs.every(({ taken }) => (taken.at(-1)?.index ?? 0) >= index),
      );
      history.check(place.logs);
      history.checkMonotone();
    };
    const proposeAll = async (texts: readonly string[]): Promise<number> => {
      const { log } = await place.leader();
      let last = 0;
      for (const text of texts) last = log.propose(commands(text));
      await everywhere(last);
      return last;
    };

    beforeEach(async () => {
      place = await makePlace(1);
      history = new GroupLogHistory();
    });
    afterEach(() => place.remove());

    it('hands out what was proposed, in order, each once, at the index that was given for it', async () => {
      const { log } = await place.leader();
      const given = new Map<string, number>();
      for (const text of numbered(300)) {
        given.set(text, log.propose(commands(text)));
        if (given.size % 70 === 0) await everywhere(log.lastIndex);
      }
      await everywhere(log.lastIndex);
      for (const open of place.logs) {
        expect(open.taken[0]?.index).toBe(1);
        expect(open.taken.filter(isCommands).map((entry) => [textOf(entry), entry.index])).toEqual([...given]);
        expect(open.log.take()).toBeNull();
      }
    });

    it('keeps kind, merge point, time and every byte of every frame', async () => {
      const { log } = await place.leader();
      const frames = [Buffer.from([0, 255, 1]), Buffer.alloc(0), Buffer.alloc(70_000, 7)];
      const index = log.propose({ kind: EntryKind.checkpoint, timestampMs: 12.5, mergePoint: 9, frames });
      const bare = log.propose({ kind: EntryKind.noop, timestampMs: 13, mergePoint: 2 ** 40, frames: [] });
      await everywhere(bare);
      for (const { taken } of place.logs) {
        const entry = taken.find((each) => each.index === index);
        expect(entry).toMatchObject({ kind: EntryKind.checkpoint, timestampMs: 12.5, mergePoint: 9 });
        expect(entry?.frames.map((frame) => Buffer.from(frame))).toEqual(frames);
        expect(taken.at(-1)).toMatchObject({ kind: EntryKind.noop, mergePoint: 2 ** 40, frames: [] });
      }
    });

    it('raises a time that is lower than the last, and remembers the highest merge point', async () => {
      const { log } = await place.leader();
      log.propose(commands('a', 5000, 3));
      log.propose(commands('b', 4000, 7));
      await everywhere(log.propose(commands('c', 6000, 7)));
      for (const open of place.logs) {
        expect(open.taken.filter(isCommands).map(({ timestampMs }) => timestampMs)).toEqual([5000, 5000, 6000]);
        expect(open.log.lastMergePoint).toBe(7);
      }
    });

    it('takes proposals from within its own announcements', async () => {
      const open = await place.leader();
      const announced = open.log.onCommitted;
      let left = 20;
      open.log.onCommitted = (error) => {
        announced?.(error);
        if (left-- > 0) open.log.propose(commands(`again ${left}`));
      };
      open.log.propose(commands('first'));
      await place.until('all of them', () => place.logs.every((each) => textsOf(each).length === 21));
      history.check(place.logs);
    });

    it('answers a read with an index that covers all that was committed before', async () => {
      const last = await proposeAll(numbered(10));
      for (const { log } of place.logs) {
        const answers: (number | PsmrError)[] = [];
        log.readIndex((index) => answers.push(index));
        await place.until('the answer', () => answers.length > 0);
        expect(answers).toHaveLength(1);
        expect(answers[0]).toBeGreaterThanOrEqual(last);
      }
    });

    it('takes proposals after all were restarted', async ({ skip }) => {
      const { restart } = place;
      if (restart === null) return skip();
      await proposeAll(numbered(30));
      for (const open of [...place.logs]) await restart(open);
      const open = await place.leader();
      for (let at = 31; at <= 60; at++) open.log.propose(commands(`c${at}`));
      await place.until('all of them', () => place.logs.every((each) => textsOf(each).length === 60));
      history.check(place.logs);
      for (const each of place.logs) expect(textsOf(each)).toEqual(numbered(60));
    });

    it('knows the position of what is committed, the same on every replica', async () => {
      const index = await proposeAll(numbered(5));
      const [first, ...others] = place.logs.map(({ log }): LogPosition => log.positionOf(index));
      expect(first?.index).toBe(index);
      for (const other of others) expect(other).toEqual(first);
    });

    it('hands out the same again after a restart, from wherever it is to start', async ({ skip }) => {
      const { restart } = place;
      if (restart === null) return skip();
      const last = await proposeAll(numbered(50));
      for (const open of [...place.logs]) await restart(open);
      await everywhere(last);
      for (const open of place.logs) expect(textsOf(open)).toEqual(numbered(50));
      const { log } = await place.leader();
      const next = log.propose(commands('next'));
      await everywhere(next);
      for (const open of [...place.logs]) {
        const from = await restart(open, 20);
        await everywhere(next);
        expect(from.taken[0]?.index).toBe(20);
      }
    });

    it('may drop what a checkpoint covers, and nothing from there on', async ({ skip }) => {
      const { restart } = place;
      if (restart === null) return skip();
      const last = await proposeAll(Array.from({ length: 200 }, (_, at) => `c${at}`.padEnd(500, '.')));
      const below = last - 40;
      for (const open of [...place.logs]) {
        await open.log.whenDurable(last); // a checkpoint is never ahead of its log
        await place.truncateBelow(open, below);
        expect(open.log.firstIndex).toBeGreaterThan(1);
        expect(open.log.firstIndex).toBeLessThanOrEqual(below);
        expect(open.log.positionOf(below - 1).index).toBe(below - 1);
        const again = await restart(open);
        expect(() => again.log.startFrom(1)).toThrow(expect.objectContaining({ code: 'DATA_CORRUPT' }));
        await everywhere(last);
        expect(again.taken[0]?.index).toBe(below);
      }
      await proposeAll(['after']);
    });

    it('takes and hands out nothing more from when its close begins, and leaves no read unanswered', async () => {
      const last = await proposeAll(numbered(3));
      const open = await place.leader();
      const { log } = open;
      const answers: (number | PsmrError)[] = [];
      log.propose(commands('kept'));
      log.readIndex((answer) => answers.push(answer));
      const refusesMore = (): void =>
        expect(() => log.propose(commands('late'))).toThrow(expect.objectContaining({ code: 'ENGINE_STOPPED' }));
      const closing = log.close();
      for (let turn = 0; turn < 50; turn++) {
        refusesMore();
        await Promise.resolve();
      }
      await closing;
      refusesMore();
      log.readIndex((answer) => answers.push(answer));
      expect(answers).toHaveLength(2);
      expect([log.lastIndex, log.take(), open.failure]).toEqual([last + 1, null, null]);
      if (place.restart !== null) expect((await place.restart(open)).log.lastIndex).toBeGreaterThan(last);
    });

    it('will not start behind its end', async ({ skip }) => {
      if (place.restart === null) return skip();
      await proposeAll(numbered(3));
      for (const { log } of place.logs)
        expect(() => log.startFrom(log.lastIndex + 2)).toThrow(expect.objectContaining({ code: 'DATA_CORRUPT' }));
    });

    it('goes on with time and merge points where it stopped, though the next clock is behind', async ({ skip }) => {
      const { crash } = place;
      if (crash === null) return skip();
      const { log } = await place.leader();
      await everywhere(log.propose(commands('before', 9000, 40)));
      await crash(await place.leader());
      const { log: next } = await place.leader();
      expect(next.lastMergePoint).toBe(40);
      await everywhere(next.propose(commands('after', 10, next.lastMergePoint)));
      for (const { taken } of place.logs) expect(taken.at(-1)?.timestampMs).toBe(9000);
    });

    it(`loses nothing that was committed, whatever happens (GROUP_LOG_SEEDS=${SEEDS})`, async ({ skip }) => {
      if (place.crash === null || place.restart === null) return skip();
      await place.remove();
      for (let seed = 1; seed <= SEEDS; seed++) {
        place = await makePlace(seed);
        history = new GroupLogHistory();
        await turmoil(place, history, seed).catch((error: unknown) => {
          throw new Error(`seed ${seed}`, { cause: error });
        });
        if (seed < SEEDS) await place.remove();
      }
    });
  });
}

/** Proposals in bursts, crashes in the midst of them, restarts, truncation; in the end everybody has the same. */
async function turmoil(place: GroupLogPlace, history: GroupLogHistory, seed: number): Promise<void> {
  const random = seededRandom(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const proposed: string[] = [];
  for (let step = 0; step < 30; step++) {
    const leader = await place.leader();
    history.check(place.logs);
    for (let left = Math.floor(random() * 20); left > 0; left--) {
      const text = `${step}/${left}`.padEnd(Math.floor(random() * 600), '.');
      proposed.push(text);
      leader.log.propose(commands(text, Math.floor(random() * 1000), leader.log.lastMergePoint + (left % 2)));
    }
    const committed = leader.log.committedIndex + Math.floor(random() * 10);
    const what = random();
    // What is proposed by a leader that goes may be lost: then nobody waits for it.
    if (what < 0.4)
      await place.until('some of them', () => leader.log.committedIndex >= Math.min(committed, leader.log.lastIndex));
    history.check(place.logs);
    if (what < 0.3) await place.crash?.(random() < 0.7 ? leader : pick(place.logs));
    else if (what < 0.5) await place.restart?.(pick(place.logs));
    else if (what < 0.6) await truncateBehind(place, pick(place.logs));
    history.check(place.logs);
  }
  const { log } = await place.leader();
  const last = log.propose(commands('last', 0, log.lastMergePoint));
  await place.until('all have all', () => place.logs.every(({ taken }) => (taken.at(-1)?.index ?? 0) >= last));
  history.check(place.logs);
  history.checkMonotone();
  expect(history.lastIndex, 'nothing handed out is lost').toBe(last);
  checkOnlyProposed(place.logs, proposed);
}

/** Keeps some, as a replica does whose newest checkpoint is not its last entry. */
async function truncateBehind(place: GroupLogPlace, open: OpenLog): Promise<void> {
  const to = (open.taken.at(-1)?.index ?? 0) - 25;
  if (to > open.log.firstIndex) await place.truncateBelow(open, to);
}

function checkOnlyProposed(logs: readonly OpenLog[], proposed: readonly string[]): void {
  const known = new Set([...proposed, 'last']);
  for (const open of logs) {
    const texts = textsOf(open);
    expect(new Set(texts).size, 'nothing twice').toBe(texts.length);
    for (const text of texts) expect(known).toContain(text);
  }
}
