/** Real peer links on this machine, and what tests need around them. */
import type { PsmrError } from '../../src/errors.js';
import type { Listen } from '../../src/transport/endpoint.js';
import type { PeerAddress, PeerLinkHandlers } from '../../src/transport/peer-links.js';
import { type ListeningPeerLinks, openPeerLinks } from '../../src/transport/peers/open-peer-links.js';
import type { PeerLinksOptions } from '../../src/transport/peers/peer-links-options.js';

export const SECRET = 'a secret of these tests';
export const IDENTITY = { cluster: 'north', service: 'bank', epoch: 0x01020304, group: 2, replica: 1 };

/** Waits for something that the event loop brings. */
export async function until(holds: () => boolean, limitMs = 10_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within ${limitMs} ms: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

export interface Replica {
  readonly links: ListeningPeerLinks;
  readonly address: PeerAddress;
  /** What its operator was told. */
  readonly problems: PsmrError[];
}

/** Opens and, at the end of a test, closes. */
export class Replicas {
  readonly #listen: Listen;
  #open: ListeningPeerLinks[] = [];

  constructor(listen: Listen) {
    this.#listen = listen;
  }

  async open(
    replica: number,
    { identity, ...options }: Partial<PeerLinksOptions> = {},
    handlers: Partial<PeerLinkHandlers> = {},
  ): Promise<Replica> {
    const problems: PsmrError[] = [];
    const links = await openPeerLinks(
      {
        identity: { ...IDENTITY, ...identity, replica },
        secret: SECRET,
        host: '127.0.0.1',
        port: 0,
        problem: (problem) => problems.push(problem),
        listen: this.#listen,
        ...options,
      },
      {
        message: (from, bytes) => handlers.message?.(from, bytes),
        up: (peer) => handlers.up?.(peer),
        down: (peer) => handlers.down?.(peer),
      },
    );
    this.#open.push(links);
    return { links, problems, address: { id: replica, host: links.host, port: links.port } };
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.map((links) => links.close()));
    this.#open = [];
  }
}
