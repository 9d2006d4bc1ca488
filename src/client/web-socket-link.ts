/** `OpenLink` over the network: finds the replica to talk to, and doubts it when it falls silent. */
import { messageOf, PsmrError } from '../errors.js';
import { badFrame } from '../transport/frames.js';
import type { Welcome } from '../transport/handshake.js';
import { type GreetedSocket, isFinal, noContact } from './greeted-socket.js';
import type { GroupLink, GroupLinkHandlers, LinkUse, OpenLink } from './group-link.js';
import { LinkSearch, type Place, type SearchOptions } from './link-search.js';
import type { Topology } from './topology.js';

/** With more than this waiting in the socket, frames are better kept where they can still grow. */
const SOCKET_BYTES_MAX = 1_048_576;
/** Where no replica has claimed to lead for so long, one that knows no leader is taken at a venture. */
const LEADERLESS_MS = 1_000;

interface LinkOptions {
  readonly topology: Topology;
  readonly group: number;
  readonly session: Uint8Array;
  readonly handlers: GroupLinkHandlers;
  readonly use: LinkUse;
}

class WebSocketLink implements GroupLink {
  readonly #options: LinkOptions;
  #search: LinkSearch | null = null;
  #socket: GreetedSocket | null = null;
  /** The replica at the other end. */
  #replica = 0;
  /** When it was first doubted for its silence. */
  #silentSinceMs: number | null = null;
  #full = false;
  #closed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  async connect(): Promise<void> {
    const { topology, group, session, use } = this.#options;
    try {
      const places = await topology.places(group, use);
      if (this.#closed) return;
      this.#search = new LinkSearch({
        ...this.#looking(places, topology.doubtedSinceMs(group)),
        hurry: use === 'lead' && topology.doubtedSinceMs(group) !== null,
        open: ({ url }, events) => topology.open(url, session, events),
        judge: (welcome, place) => this.#judge(welcome, place, true),
        found: (socket, welcome, { url }) => this.#found(socket, welcome, url),
        failed: (errors) => this.#notFound(errors),
      });
    } catch (thrown) {
      this.#lost(thrown instanceof PsmrError ? thrown : noContact(`group ${group}`, messageOf(thrown)));
    }
  }

  send(frame: Uint8Array): boolean {
    if (this.#socket === null) return false;
    if (this.#socket.bufferedBytes > SOCKET_BYTES_MAX) {
      this.#full = true;
      return false;
    }
    this.#socket.send(frame, () => this.#taken());
    return true;
  }

  refused(leader: number): void {
    const { topology, group, use } = this.#options;
    if (use === 'read') topology.turn();
    else topology.leaderLost(group, leader === this.#replica ? 0 : leader);
  }

  suspect(): void {
    if (this.#socket === null || this.#search !== null) return;
    this.#silentSinceMs ??= this.#options.topology.clock.now();
    void this.#askOthers();
  }

  close(): void {
    this.#closed = true;
    this.#search?.close();
    this.#socket?.close();
    this.#socket = null;
  }

  /** A silent leader may be slow, or gone: it is left only for another that says that it leads. */
  async #askOthers(): Promise<void> {
    const { topology, group, use } = this.#options;
    const places = await topology.places(group, use).catch((): Place[] => []);
    const others = places.filter(({ replica }) => replica !== this.#replica);
    if (this.#closed || this.#search !== null || others.length === 0) return;
    this.#search = new LinkSearch({
      ...this.#looking(others, this.#silentSinceMs),
      hurry: true,
      open: ({ url }, events) => topology.open(url, null, events),
      judge: (welcome, place) => this.#judge(welcome, place, false),
      found: (socket, welcome, { url }) => {
        socket.close();
        topology.heard(welcome, url);
        if (use === 'read') topology.turn();
        else topology.leads(group, welcome.replica);
        this.#lost(noContact(`replica ${this.#replica}`, `it was silent, and replica ${welcome.replica} was not`));
      },
      failed: () => (this.#search = null),
    });
  }

  #looking(
    places: readonly Place[],
    sinceMs: number | null,
  ): Pick<SearchOptions, 'places' | 'clock' | 'limitMs' | 'sinceMs' | 'placeOf'> {
    const { topology, group } = this.#options;
    const { clock, connectTimeoutMs } = topology;
    // The one that is doubted is not asked by another's word.
    const placeOf = (replica: number): Place | undefined =>
      replica === this.#replica ? undefined : topology.placeOf(group, replica);
    return { places, clock, limitMs: connectTimeoutMs, sinceMs: sinceMs ?? clock.now(), placeOf };
  }

  #judge(welcome: Welcome, place: Place, venturing: boolean): true | number {
    const { group, use, topology } = this.#options;
    if (welcome.group !== group) throw noContact(place.url, `it serves group ${welcome.group}, not ${group}`);
    if (welcome.replica !== place.replica && place.replica !== 0)
      throw noContact(place.url, `it is replica ${welcome.replica}, not ${place.replica}`);
    const leader = welcome.leaders[group];
    // It may have been added since this client has heard of the replicas.
    if (leader !== undefined && leader !== 0 && topology.placeOf(group, leader) === undefined)
      topology.heard(welcome, place.url);
    if (use === 'read' || leader === undefined || leader === welcome.replica) return true;
    const leaderlessMs = topology.clock.now() - (topology.doubtedSinceMs(group) ?? Infinity);
    return venturing && leader === 0 && leaderlessMs >= LEADERLESS_MS ? true : leader;
  }

  #found(socket: GreetedSocket, welcome: Welcome, url: string): void {
    const { topology, group, handlers, use } = this.#options;
    this.#search = null;
    this.#socket = socket;
    this.#replica = welcome.replica;
    topology.heard(welcome, url);
    if (use === 'lead' && welcome.leaders[group] !== 0) topology.leads(group, welcome.replica);
    socket.handOver({
      welcome: () => {
        throw badFrame('a second WELCOME came');
      },
      frame: (bytes) => this.#heard(bytes),
      lost: (error, leader) => this.#disconnected(error, leader),
    });
    handlers.writable();
  }

  #heard(bytes: Uint8Array): void {
    this.#search?.close();
    this.#search = null;
    this.#silentSinceMs = null;
    this.#options.handlers.frame(bytes);
  }

  #disconnected(error: PsmrError, leader: number): void {
    const { topology } = this.#options;
    this.refused(leader);
    // A server that was started anew may have its groups at other ports.
    if (this.#replica === 0) topology.forget();
    this.#lost(error);
  }

  #notFound(errors: readonly PsmrError[]): void {
    const { topology, group, use } = this.#options;
    topology.forget();
    if (use === 'lead') topology.leaderLost(group, 0);
    const [first] = errors;
    if (first !== undefined && (errors.length === 1 || errors.every(isFinal))) return this.#lost(first);
    const why = errors.map(({ message }) => message).join('; ');
    this.#lost(noContact(`group ${group}`, why === '' ? 'no replica leads it' : `no replica leads it: ${why}`));
  }

  #taken(): void {
    if (!this.#full || this.#socket === null || this.#socket.bufferedBytes > SOCKET_BYTES_MAX) return;
    this.#full = false;
    this.#options.handlers.writable();
  }

  #lost(error: PsmrError): void {
    if (this.#closed) return;
    this.close();
    this.#options.handlers.lost(error, !isFinal(error));
  }
}

export function webSocketLinks(topology: Topology): OpenLink {
  return (group, session, handlers, use) => {
    const link = new WebSocketLink({ topology, group, session, handlers, use });
    void link.connect();
    return link;
  };
}
