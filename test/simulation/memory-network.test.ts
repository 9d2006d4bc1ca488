import { beforeEach, describe, expect, it } from 'vitest';
import type { PeerLinks } from '../../src/transport/peer-links.js';
import { SimulatedClock } from '../client/simulated-clock.js';
import { Heard } from '../contract/peer-links-suite.js';
import { seededRandom } from '../seeded-random.js';
import { MemoryNetwork, type MemoryNetworkOptions } from './memory-network.js';

interface World {
  readonly network: MemoryNetwork;
  readonly links: Map<number, PeerLinks>;
  readonly heard: Map<number, Heard>;
  start(id: number): void;
  pass(ms: number): void;
  send(from: number, to: number, text: string): boolean;
  texts(at: number, from: number): string[];
}

const IDS = [1, 2, 3];
const PEERS = IDS.map((id) => ({ id, host: 'memory', port: id }));

/** Three replicas, connected to each other. */
function makeWorld(seed: number, options: Partial<MemoryNetworkOptions> = {}): World {
  const clock = new SimulatedClock(seededRandom(seed));
  const network = new MemoryNetwork({ clock, random: clock.random, ...options });
  const links = new Map<number, PeerLinks>();
  const heard = new Map<number, Heard>();
  let now = 0;
  const world: World = {
    network,
    links,
    heard,
    start(id) {
      const handlers = new Heard();
      heard.set(id, handlers);
      const opened = network.open(id, handlers);
      opened.setPeers(PEERS);
      links.set(id, opened);
    },
    pass: (ms) => clock.run((now += ms)),
    send: (from, to, text) => links.get(from)?.send(to, [Buffer.from(text)]) ?? false,
    texts: (at, from) => heard.get(at)?.texts(from) ?? [],
  };
  for (const id of IDS) world.start(id);
  world.pass(100);
  return world;
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

describe('the network in memory', () => {
  let world: World;
  beforeEach(() => {
    world = makeWorld(1);
  });

  it('does the same for the same seed, and something else for another', () => {
    const history = (seed: number): string => {
      const faults = { delayMs: [0, 20], loss: 0.2, duplication: 0.2, reordering: 0.2 } as const;
      const { network, heard, pass, send } = makeWorld(seed, { faults });
      for (const text of numbers(200)) {
        send(1 + (Number(text) % 3), 1 + ((Number(text) + 1) % 3), text);
        if (text === '50') network.partition([1], [2, 3]);
        if (text === '100') network.breakLink(2, 3);
        if (text === '150') network.heal();
        pass(1);
      }
      pass(1000);
      return JSON.stringify([...heard.values()].map(({ events, messages }) => [events, messages]));
    };
    expect(history(5)).toBe(history(5));
    expect(history(5)).not.toBe(history(6));
  });

  it('loses, repeats and reorders messages when told to, each in its measure', () => {
    const sent = numbers(1000);
    const received = (faults: object): string[] => {
      const { network, pass, send, texts } = makeWorld(2);
      network.setFaults({ delayMs: [0, 50], ...faults }, 1, 2);
      for (const text of sent) send(1, 2, text);
      pass(1000);
      return texts(2, 1);
    };
    expect(received({})).toEqual(sent);
    const lossy = received({ loss: 0.3 });
    expect(lossy.length).toBeGreaterThan(600);
    expect(lossy.length).toBeLessThan(800);
    expect(lossy).toEqual(sent.filter((text) => lossy.includes(text)));
    const repeated = received({ duplication: 0.3 });
    expect(repeated.length).toBeGreaterThan(1200);
    expect(repeated.length).toBeLessThan(1400);
    const reordered = received({ reordering: 0.3 });
    expect(reordered).not.toEqual(sent);
    expect(reordered.toSorted((a, b) => Number(a) - Number(b))).toEqual(sent);
  });

  it('holds back one direction alone, and lets through what waited if that was not long', () => {
    world.network.block(1, 2);
    for (const text of numbers(10)) expect(world.send(1, 2, text)).toBe(true);
    world.send(2, 1, 'against it');
    world.send(1, 3, 'beside it');
    world.pass(500);
    expect(world.texts(2, 1)).toEqual([]);
    expect(world.texts(1, 2)).toEqual(['against it']);
    expect(world.texts(3, 1)).toEqual(['beside it']);
    world.network.unblock(1, 2);
    world.send(1, 2, 'last');
    world.pass(100);
    expect(world.texts(2, 1)).toEqual([...numbers(10), 'last']);
  });

  it('gives up a connection that is blocked for long, with all that waited', () => {
    world.network.block(1, 2);
    world.send(1, 2, 'lost');
    world.pass(5000);
    expect(world.heard.get(1)?.isUp(2)).toBe(false);
    expect(world.send(1, 2, 'refused')).toBe(false);
    world.network.heal();
    world.pass(100);
    expect(world.send(1, 2, 'new')).toBe(true);
    world.pass(100);
    expect(world.texts(2, 1)).toEqual(['new']);
  });

  it('cuts two off from each other while a third hears both', () => {
    world.network.partition([1], [2]);
    for (const [from, to] of [[1, 2], [2, 1], [1, 3], [3, 1], [2, 3], [3, 2]] as const) world.send(from, to, 'word'); // prettier-ignore
    world.pass(500);
    expect(
      IDS.map((id) =>
        world.heard
          .get(id)
          ?.messages.map(({ from }) => from)
          .toSorted(),
      ),
    ).toEqual([[3], [3], [1, 2]]);
  });

  it('delivers what a crashed replica had sent up to some point, and nothing after it is back', () => {
    const cuts = new Set<number>();
    for (let seed = 0; seed < 30; seed++) {
      const { network, start, pass, send, texts, heard } = makeWorld(seed);
      network.setFaults({ delayMs: [1, 10] });
      for (const text of numbers(40)) {
        send(1, 2, text);
        pass(0.2);
      }
      network.crash(1);
      const eventsOfDead = heard.get(1)?.events.length;
      const dead = heard.get(1);
      start(1);
      pass(500);
      const received = texts(2, 1);
      expect(received).toEqual(numbers(received.length));
      cuts.add(received.length);
      expect(dead?.events.length).toBe(eventsOfDead);
      expect(heard.get(2)?.events.slice(-2)).toEqual(['down 1', 'up 1']);
      send(1, 2, 'back');
      pass(100);
      expect(texts(2, 1).at(-1)).toBe('back');
    }
    expect(cuts.size).toBeGreaterThan(3);
  });

  it('breaks a connection with all that is under way, and makes a new one', () => {
    world.send(1, 2, 'lost');
    world.network.breakLink(1, 2);
    world.pass(100);
    expect(world.heard.get(1)?.events.slice(-2)).toEqual(['down 2', 'up 2']);
    world.send(1, 2, 'new');
    world.pass(100);
    expect(world.texts(2, 1)).toEqual(['new']);
  });

  it('spoils the bytes after the call, so that whoever keeps them is found', () => {
    const kept: Uint8Array[] = [];
    world.network.crash(2);
    world.network.open(2, { message: (_from, bytes) => kept.push(bytes), up: () => 0, down: () => 0 });
    world.pass(100);
    world.send(1, 2, 'abc');
    world.pass(100);
    expect(kept).toEqual([Uint8Array.of(0xdd, 0xdd, 0xdd)]);
  });
});
