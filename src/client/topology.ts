/**
 * What a client knows of its servers: which replicas there are, where their groups are reached, and who is believed to
 * lead each. Learned from any replica's WELCOME; all of it may be old, and is corrected by what replicas answer.
 */
import { bracketed } from '../address-text.js';
import { PsmrError } from '../errors.js';
import { PROTOCOL_VERSION } from '../transport/frames.js';
import type { Welcome } from '../transport/handshake.js';
import type { ClientClock } from './client-clock.js';
import { type GreetedEvents, GreetedSocket, isFinal } from './greeted-socket.js';
import type { LinkUse } from './group-link.js';
import { LinkSearch, type Place } from './link-search.js';
import type { Dial } from './web-socket.js';

export interface TopologyOptions {
  readonly replicas: readonly string[];
  readonly service: string;
  readonly token: string | null;
  readonly connectTimeoutMs: number;
  readonly dial: Dial;
  readonly clock: ClientClock;
}

interface Known {
  readonly welcome: Welcome;
  /** The address that told. */
  readonly url: URL;
}

export class Topology {
  readonly connectTimeoutMs: number;
  readonly clock: ClientClock;
  readonly #options: TopologyOptions;
  #known: Known | null = null;
  #learning: Promise<Welcome> | null = null;
  /** The server's clock less the monotonic one, ms: this machine's may be set meanwhile. */
  #clockOffsetMs: number;
  /** By group; 0: not known. */
  readonly #leaders: number[] = [];
  /** Groups whose leader may have changed since it was heard of, and when that came to be. */
  readonly #doubtedMs = new Map<number, number>();
  /** Spreads over the replicas what any of them can do: clients begin at different ones. */
  #turn: number;

  constructor(options: TopologyOptions) {
    this.#options = options;
    this.connectTimeoutMs = options.connectTimeoutMs;
    this.clock = options.clock;
    this.#clockOffsetMs = Date.now() - this.clock.now();
    this.#turn = Math.floor(options.clock.random() * 0x1_0000);
  }

  serverNowMs(): number {
    return this.clock.now() + this.#clockOffsetMs;
  }

  /** May throw: not a URL. `session` null: just for its WELCOME. */
  open(url: string, session: Uint8Array | null, events: GreetedEvents): GreetedSocket {
    const { service, token, dial, clock, connectTimeoutMs } = this.#options;
    const hello = { protocol: PROTOCOL_VERSION, service, token, session };
    return new GreetedSocket({ dial, url, hello, timeoutMs: connectTimeoutMs, clock }, events);
  }

  /** Where a link to the group may go, the best first. Asks the replicas where nothing is known; rejects as `learn`. */
  async places(group: number, use: LinkUse): Promise<readonly Place[]> {
    if (this.#known === null) await this.learn();
    const places = this.#placesOf(group);
    const leader = use === 'read' ? 0 : this.leaderOf(group);
    const at = places.findIndex(({ replica }) => replica === leader);
    const first = at >= 0 ? at : (this.#turn + group) % Math.max(1, places.length);
    return [...places.slice(first), ...places.slice(0, first)];
  }

  /** Undefined: not known. */
  placeOf(group: number, replica: number): Place | undefined {
    return this.#placesOf(group).find((place) => place.replica === replica);
  }

  /** 0: not known. */
  leaderOf(group: number): number {
    return this.#leaders[group] ?? 0;
  }

  /** Since when it is not known who leads, by the clock; null: it is believed to be known. */
  doubtedSinceMs(group: number): number | null {
    return this.#doubtedMs.get(group) ?? null;
  }

  /** The group's leader is lost or has stepped down; `successor`: the one that was named instead, 0: none. */
  leaderLost(group: number, successor: number): void {
    if (successor !== 0) this.leads(group, successor);
    else if (!this.#doubtedMs.has(group)) this.#doubtedMs.set(group, this.clock.now());
  }

  leads(group: number, replica: number): void {
    this.#leaders[group] = replica;
    this.#doubtedMs.delete(group);
  }

  /** A replica could not do what any of them can do: the next time another comes first. */
  turn(): void {
    this.#turn++;
  }

  /** `url` has told this. */
  heard(welcome: Welcome, url: string): void {
    this.#known = { welcome, url: new URL(url) };
    this.#clockOffsetMs = welcome.nowMs - this.clock.now();
    welcome.leaders.forEach((leader, group) => {
      if (this.leaderOf(group) === 0) this.#leaders[group] = leader;
    });
  }

  /** What is known of addresses may be old: the next link asks again. */
  forget(): void {
    this.#known = null;
  }

  /**
   * Asks the replicas, the next where one says nothing for a moment, and takes the first answer. Rejects with
   * UNREACHABLE, naming each and why; or with what a replica said that no other try can mend (UNAUTHORIZED,
   * WRONG_SERVICE, PROTOCOL_VERSION).
   */
  learn(): Promise<Welcome> {
    this.#learning ??= this.#ask().finally(() => (this.#learning = null));
    return this.#learning;
  }

  #ask(): Promise<Welcome> {
    const { replicas, clock, connectTimeoutMs } = this.#options;
    const urls = new Set([...replicas, ...this.#placesOf(0).map(({ url }) => url)]);
    return new Promise((resolve, reject) => {
      new LinkSearch({
        places: [...urls].map((url) => ({ replica: 0, url })),
        clock,
        hurry: false,
        sinceMs: clock.now(),
        // Each place has its own limit from when it is asked, and that may be after those before it have failed.
        limitMs: connectTimeoutMs * urls.size,
        open: ({ url }, events) => this.open(url, null, events),
        judge: () => true,
        found: (socket, welcome, { url }) => {
          socket.close();
          this.heard(welcome, url);
          resolve(welcome);
        },
        failed: (errors) => reject(errors.find(isFinal) ?? noReplica(replicas, errors)),
      });
    });
  }

  #placesOf(group: number): Place[] {
    if (this.#known === null) return [];
    const { welcome, url } = this.#known;
    const replicas = welcome.replicas.length > 0 ? welcome.replicas : [{ id: 0, endpoints: welcome.endpoints }];
    return replicas.flatMap(({ id, endpoints }) => {
      const endpoint = endpoints[group];
      if (endpoint === undefined) return [];
      const [host, port] = endpoint;
      return [{ replica: id, url: `${url.protocol}//${host === null ? url.hostname : bracketed(host)}:${port}` }];
    });
  }
}

function noReplica(replicas: readonly string[], errors: readonly PsmrError[]): PsmrError {
  const why = errors.map(({ message }) => message).join('; ');
  return new PsmrError('UNREACHABLE', `No replica answered. ${why}. Check the addresses and that the server is up.`, {
    details: { replicas },
  });
}
