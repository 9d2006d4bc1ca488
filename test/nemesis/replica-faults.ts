/** What can befall the replicas of a cluster and the links between them. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Replicas } from '../integration/replicas.js';
import type { Fault } from './faults.js';
import type { ReplicaLinks } from './replica-links.js';

type Random = () => number;

export interface FaultOptions {
  readonly replicas: Replicas;
  readonly links: ReplicaLinks;
  readonly streams: number;
  /** Hears what is done to whom. */
  readonly tell: (what: string) => void;
}

/** Most often one that leads something, sometimes several or all. */
const MORE_VICTIMS = 0.2;
const LEADERS = 0.7;
/** Whoever leads says so in time, or the fault befalls another. */
const ASKING_MAX_MS = 200;
const DELAY_MAX_MS = 200;

/** Processes that are killed and started again. */
export function kills({ replicas, streams, tell }: FaultOptions): Fault {
  let victims: readonly number[] = [];
  return {
    name: 'kill',
    async begin(random) {
      victims = await someOf(replicas, streams, random);
      tell(`kill ${victims.join(', ')}`);
      await Promise.all(victims.map((id) => replicas.kill(id)));
    },
    end() {
      // What comes next may befall one that still starts.
      for (const id of victims) void replicas.run(id).catch(() => undefined);
      tell(`run ${victims.join(', ')}`);
    },
  };
}

/** Processes that stand still and go on as if nothing had been. */
export function pauses({ replicas, streams, tell }: FaultOptions): Fault {
  let victims: readonly number[] = [];
  return {
    name: 'pause',
    async begin(random) {
      victims = await someOf(replicas, streams, random);
      tell(`pause ${victims.join(', ')}`);
      for (const id of victims) replicas.pause(id);
    },
    end() {
      for (const id of victims) replicas.resume(id);
      tell(`resume ${victims.join(', ')}`);
    },
  };
}

/** Delays everywhere or between some. */
export function delays(options: FaultOptions): Fault {
  const { replicas, links } = options;
  return linkFault('delay', options, (random) => {
    const mostMs = Math.round(random() * DELAY_MAX_MS);
    const share = random();
    const chosen = pairsOf(replicas.ids).filter(() => random() < share);
    for (const [from, to] of chosen) links.delay(from, to, [0, mostMs]);
    return `up to ${mostMs} ms between ${chosen.map(([from, to]) => `${from}>${to}`).join(' ')}`;
  });
}

/** Two do not hear each other, or one of them not the other. */
export function cuts(options: FaultOptions): Fault {
  const { replicas } = options;
  return linkFault('cut', options, (random) => {
    const [from, to] = pick(pairsOf(replicas.ids), random);
    return cut(
      options,
      random,
      random() < 0.5
        ? [[from, to]]
        : [
            [from, to],
            [to, from],
          ],
    );
  });
}

/** One is alone: it is not heard, hears nothing, or both. */
export function isolations(options: FaultOptions): Fault {
  const { replicas, streams } = options;
  return linkFault('isolate', options, async (random) => {
    const [alone] = await someOf(replicas, streams, random);
    const way = pick(['out', 'in', 'both'] as const, random);
    const fits = ([from, to]: Pair): boolean => (way !== 'in' && from === alone) || (way !== 'out' && to === alone);
    return cut(options, random, pairsOf(replicas.ids).filter(fits));
  });
}

type Pair = readonly [from: number, to: number];

function linkFault(
  name: string,
  { links, tell }: FaultOptions,
  spoil: (random: Random) => string | Promise<string>,
): Fault {
  return {
    name,
    async begin(random) {
      tell(`${name}: ${await spoil(random)}`);
    },
    end() {
      links.heal();
      tell(`end of ${name}`);
    },
  };
}

/** As a network does that loses packets, or as one does that says so. */
function cut({ links }: FaultOptions, random: Random, pairs: readonly Pair[]): string {
  const how = pick(['silence', 'refuse'] as const, random);
  for (const [from, to] of pairs) links[how](from, to);
  return `${how} ${pairs.map(([from, to]) => `${from}>${to}`).join(' ')}`;
}

function pairsOf(ids: readonly number[]): Pair[] {
  return ids.flatMap((from) => ids.filter((to) => to !== from).map((to) => [from, to] as const));
}

async function someOf(replicas: Replicas, streams: number, random: Random): Promise<number[]> {
  const { ids } = replicas;
  const [group, leads, more] = [Math.floor(random() * (streams + 1)), random() < LEADERS, random() < MORE_VICTIMS];
  const [first, count] = [pick(ids, random), more ? 2 + Math.floor(random() * (ids.length - 1)) : 1];
  const leader = leads ? await leaderNow(replicas, group) : null;
  const from = ids.indexOf(leader ?? first);
  return [...ids.slice(from), ...ids.slice(0, from)].slice(0, count);
}

/** Null: none says that it leads. */
function leaderNow(replicas: Replicas, group: number): Promise<number | null> {
  const leads = replicas.ids.map(async (id) => {
    const view = await replicas.view(id);
    if (view?.groups[group]?.role !== 'leader') throw new Error(`${id} does not lead`);
    return id;
  });
  return Promise.race([Promise.any(leads).catch(() => null), pause(ASKING_MAX_MS, null)]);
}

function pick<T>(list: readonly T[], random: Random): T {
  const one = list[Math.floor(random() * list.length)];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
}
