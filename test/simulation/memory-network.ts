/**
 * The network of one group in memory: `PeerLinks` whose every fault is drawn from a seed and whose time is given from
 * outside. Connections behave like TCP's unless `faults` says worse: what is under way arrives in order or, when the
 * connection ends, up to some point. A block in one direction holds back that direction alone.
 */
import type { PeerAddress, PeerLinkHandlers, PeerLinks } from '../../src/transport/peer-links.js';
import { type LinkFaults, MemoryLink, type MemoryNode, type NetworkClock } from './memory-link.js';

export type { LinkFaults, NetworkClock } from './memory-link.js';

export interface MemoryNetworkOptions {
  readonly clock: NetworkClock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly unsentBytesMax?: number;
  /** How long a blocked connection lasts before its sender gives it up. */
  readonly deadMs?: number;
  /** How long it takes to connect once that is possible. */
  readonly connectMs?: readonly [least: number, most: number];
  readonly faults?: Partial<LinkFaults>;
}

const CALM: LinkFaults = { delayMs: [0.1, 1], loss: 0, duplication: 0, reordering: 0 };

const keyOf = (from: number, to: number): string => `${from}>${to}`;

/** What one replica wants and has. */
interface Sender {
  readonly node: MemoryNode;
  readonly wanted: Set<number>;
  readonly links: Map<number, MemoryLink>;
}

export class MemoryNetwork {
  readonly #options: MemoryNetworkOptions;
  readonly #senders = new Map<number, Sender>();
  /** Connections that ended while messages were under way, by the direction they had. */
  readonly #former = new Map<string, MemoryLink>();
  readonly #blocked = new Set<string>();
  readonly #faults = new Map<string, LinkFaults>();
  #usual: LinkFaults;

  constructor(options: MemoryNetworkOptions) {
    this.#options = options;
    this.#usual = { ...CALM, ...options.faults };
  }

  /** Starts a replica; what ran under its number before must be closed or crashed. */
  open(id: number, handlers: PeerLinkHandlers): PeerLinks {
    if (this.#senders.has(id)) throw new Error(`replica ${id} runs already`);
    const node = { id, handlers, open: true, reading: true };
    const sender: Sender = { node, wanted: new Set(), links: new Map() };
    this.#senders.set(id, sender);
    this.#connectAll();
    return {
      send: (to, pieces) => sender.links.get(to)?.send(pieces) ?? false,
      unsentBytes: (to) => sender.links.get(to)?.unsentBytes ?? 0,
      setPeers: (peers) => this.#setPeers(sender, peers),
      close: () => {
        this.#end(sender);
        return Promise.resolve();
      },
    };
  }

  /** The process is gone: what it sent arrives in part, its peers notice, and none of its handlers is called again. */
  crash(id: number): void {
    const sender = this.#senders.get(id);
    if (sender !== undefined) this.#end(sender);
  }

  /** What `from` sends does not reach `to`: it waits, and is lost with the connection when that is given up. */
  block(from: number, to: number): void {
    const key = keyOf(from, to);
    if (this.#blocked.has(key)) return;
    this.#blocked.add(key);
    const link = this.#senders.get(from)?.links.get(to);
    if (link === undefined) return;
    this.#options.clock.after(this.#options.deadMs ?? 3000, () => {
      if (this.#blocked.has(key) && this.#senders.get(from)?.links.get(to) === link) this.breakLink(from, to);
    });
  }

  unblock(from: number, to: number): void {
    if (!this.#blocked.delete(keyOf(from, to))) return;
    this.#senders.get(from)?.links.get(to)?.release();
    this.#connectAll();
  }

  /** Whoever is not in the same part cannot reach each other, in either direction. */
  partition(...parts: readonly (readonly number[])[]): void {
    for (const part of parts)
      for (const other of parts) {
        if (part === other) continue;
        for (const from of part) for (const to of other) this.block(from, to);
      }
  }

  /** No block any more, and everybody reads. */
  heal(): void {
    for (const key of [...this.#blocked]) {
      const [from, to] = key.split('>').map(Number);
      this.unblock(from ?? 0, to ?? 0);
    }
    for (const { node } of this.#senders.values()) if (!node.reading) this.resumeReading(node.id);
  }

  /** The connection breaks: what is under way is lost, and a new one is made when that is possible. */
  breakLink(from: number, to: number): void {
    const sender = this.#senders.get(from);
    if (sender === undefined) return;
    this.#disconnect(sender, to, true);
    this.#connectAll();
  }

  stopReading(id: number): void {
    const node = this.#senders.get(id)?.node;
    if (node !== undefined) node.reading = false;
  }

  resumeReading(id: number): void {
    const node = this.#senders.get(id)?.node;
    if (node === undefined) return;
    node.reading = true;
    for (const { links } of this.#senders.values()) links.get(id)?.release();
  }

  /** For messages sent from now on: between all, or in one direction between two. */
  setFaults(faults: Partial<LinkFaults>, from?: number, to?: number): void {
    if (from === undefined || to === undefined) this.#usual = { ...this.#usual, ...faults };
    else this.#faults.set(keyOf(from, to), { ...this.#usual, ...faults });
  }

  #setPeers(sender: Sender, peers: readonly PeerAddress[]): void {
    if (!sender.node.open) return;
    const ids = new Set(peers.map(({ id }) => id));
    ids.delete(sender.node.id);
    const left = [...sender.wanted].filter((id) => !ids.has(id));
    sender.wanted.clear();
    for (const id of ids) sender.wanted.add(id);
    for (const id of left) {
      this.#disconnect(sender, id, true);
      this.breakLink(id, sender.node.id);
    }
    this.#connectAll();
  }

  #end(sender: Sender): void {
    const { id } = sender.node;
    if (this.#senders.get(id) !== sender) return;
    sender.node.open = false;
    this.#senders.delete(id);
    for (const to of [...sender.links.keys()]) this.#disconnect(sender, to, false);
    for (const other of this.#senders.values()) {
      const link = other.links.get(id);
      if (link === undefined) continue;
      // Its machine says so, unless nothing gets through from it either.
      const { delayMs } = this.#faultsOf(id, other.node.id);
      const unheard = this.#blocked.has(keyOf(id, other.node.id)) ? (this.#options.deadMs ?? 3000) : 0;
      this.#options.clock.after(unheard + this.#draw(delayMs), () => {
        if (other.links.get(id) !== link) return;
        this.#disconnect(other, id, true);
        this.#connectAll();
      });
    }
  }

  /** Ends the connection if there is one, and tells its sender if that still runs. */
  #disconnect(sender: Sender, to: number, lost: boolean): void {
    const link = sender.links.get(to);
    if (link === undefined) return;
    sender.links.delete(to);
    link.end(lost);
    this.#former.set(keyOf(sender.node.id, to), link);
    if (sender.node.open) sender.node.handlers.down(to);
  }

  /** Makes the connections that are wanted, are missing and have become possible, each after a time of its own. */
  #connectAll(): void {
    for (const sender of this.#senders.values())
      for (const to of sender.wanted) {
        if (!this.#possible(sender, to)) continue;
        this.#options.clock.after(this.#draw(this.#options.connectMs ?? [1, 20]), () => {
          if (this.#possible(sender, to)) this.#connect(sender, to);
        });
      }
  }

  #possible(sender: Sender, to: number): boolean {
    const { node, wanted, links } = sender;
    const reachable = this.#senders.has(to) && !this.#blocked.has(keyOf(node.id, to));
    return node.open && wanted.has(to) && !links.has(to) && reachable;
  }

  #connect(sender: Sender, to: number): void {
    const receiver = this.#senders.get(to)?.node;
    if (receiver === undefined) return;
    const { id } = sender.node;
    const key = keyOf(id, to);
    // The receiver hears nothing of a former connection once there is a new one.
    this.#former.get(key)?.end(true);
    this.#former.delete(key);
    const { clock, random, unsentBytesMax = Infinity } = this.#options;
    const link = new MemoryLink(sender.node, receiver, {
      clock,
      random,
      unsentBytesMax,
      faults: () => this.#faultsOf(id, to),
      blocked: () => this.#blocked.has(key),
    });
    sender.links.set(to, link);
    sender.node.handlers.up(to);
  }

  #faultsOf(from: number, to: number): LinkFaults {
    return this.#faults.get(keyOf(from, to)) ?? this.#usual;
  }

  #draw([least, most]: readonly [number, number]): number {
    return least + (most - least) * this.#options.random();
  }
}
