/** The links between the replicas of a cluster on this machine, each through a proxy that can spoil it. */
import { onTestFinished } from 'vitest';
import { freePorts } from '../integration/free-ports.js';
import type { ReplicaPlace } from '../integration/replicas.js';
import { TcpProxy } from './tcp-proxy.js';

interface Link {
  readonly from: number;
  readonly to: number;
  /** One per group. */
  readonly proxies: readonly TcpProxy[];
}

export class ReplicaLinks {
  readonly #groups: number;
  /** Each replica dials every other for what it sends. */
  readonly #links: Link[] = [];

  constructor(streams: number) {
    this.#groups = streams + 1;
    onTestFinished(() => Promise.all(this.#proxies().map((proxy) => proxy.close())).then(() => undefined));
  }

  /** What `Replicas.start` takes as `placesFor`: to one replica the others are behind proxies. */
  readonly placesFor = async (id: number, places: readonly ReplicaPlace[]): Promise<ReplicaPlace[]> => {
    const seen: ReplicaPlace[] = [];
    for (const place of places) seen.push(place.id === id ? place : await this.#open(id, place, places));
    return seen;
  };

  /** What `from` sends to `to`, and in answer to it, takes this long. */
  delay(from: number, to: number, delayMs: readonly [least: number, most: number]): void {
    this.#shape(from, to, { delayMs });
  }

  /** Nothing of what `from` sends arrives at `to`, until it is healed; nobody is told. */
  silence(from: number, to: number): void {
    this.#shape(from, to, { stalled: true });
  }

  /** The links from `from` to `to` are broken off, and no new ones come about. */
  refuse(from: number, to: number): void {
    for (const proxy of this.#proxies(from, to)) {
      proxy.accepts = 'none';
      proxy.cut();
    }
  }

  heal(): void {
    for (const proxy of this.#proxies()) proxy.heal();
  }

  #shape(from: number, to: number, shape: Parameters<TcpProxy['shape']>[1]): void {
    for (const proxy of this.#proxies(from, to)) proxy.shape('toServer', shape);
    for (const proxy of this.#proxies(to, from)) proxy.shape('toClient', shape);
  }

  #proxies(from?: number, to?: number): TcpProxy[] {
    const fits = (link: Link): boolean => [link.from, undefined].includes(from) && [link.to, undefined].includes(to);
    return this.#links.filter(fits).flatMap(({ proxies }) => proxies);
  }

  async #open(from: number, place: ReplicaPlace, places: readonly ReplicaPlace[]): Promise<ReplicaPlace> {
    const first = await this.#freePorts(places);
    const proxies: TcpProxy[] = [];
    for (let group = 0; group < this.#groups; group++) {
      const host = '127.0.0.1';
      const server = { host, port: place.peerPort + group };
      proxies.push(await TcpProxy.start({ server, listen: { host, port: first + group } }));
    }
    this.#links.push({ from, to: place.id, proxies });
    return { ...place, peerPort: first };
  }

  /** Those of the replicas, that do not run yet, are not free. */
  async #freePorts(places: readonly ReplicaPlace[]): Promise<number> {
    for (;;) {
      const first = await freePorts(this.#groups);
      const far = ({ port, http }: ReplicaPlace): boolean => first > http.port || first + this.#groups <= port;
      if (places.every(far)) return first;
    }
  }
}
