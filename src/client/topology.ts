/** Where the groups are: learned from any replica, learned anew when a group is not where it was. */
import { messageOf, PsmrError } from '../errors.js';
import { PROTOCOL_VERSION } from '../transport/frames.js';
import type { Hello, Welcome } from '../transport/handshake.js';
import { askWelcome, isFinal } from './greeted-socket.js';
import type { Dial } from './web-socket.js';

export interface TopologyOptions {
  readonly replicas: readonly string[];
  readonly service: string;
  readonly token: string | null;
  readonly connectTimeoutMs: number;
  readonly dial: Dial;
}

interface Known {
  readonly welcome: Welcome;
  /** The replica that told. */
  readonly url: URL;
}

export class Topology {
  readonly #options: TopologyOptions;
  #known: Known | null = null;
  #learning: Promise<Welcome> | null = null;
  /** The server's clock less this one's, ms. */
  #clockOffsetMs = 0;
  #lastReplica = 0;

  constructor(options: TopologyOptions) {
    this.#options = options;
  }

  serverNowMs(): number {
    return Date.now() + this.#clockOffsetMs;
  }

  hello(session: Uint8Array | null): Hello {
    return { protocol: PROTOCOL_VERSION, service: this.#options.service, token: this.#options.token, session };
  }

  /** The URL of a group's endpoint, learned first where it is not known. */
  async endpointOf(group: number): Promise<string> {
    const { endpoints } = this.#known?.welcome ?? (await this.learn());
    const endpoint = endpoints[group];
    const dialled = this.#known?.url;
    if (endpoint === undefined || dialled === undefined)
      throw new PsmrError('UNREACHABLE', `The server names no endpoint for group ${group}.`);
    const [host, port] = endpoint;
    return `${dialled.protocol}//${host === null ? dialled.hostname : bracketed(host)}:${port}`;
  }

  /** What is known may be old: the next `endpointOf` asks again. */
  forget(): void {
    this.#known = null;
  }

  /**
   * Asks the replicas in turn, beginning with the one after the last that answered. Rejects with UNREACHABLE, naming
   * each and why; or with what a replica said that no other try can mend (UNAUTHORIZED, WRONG_SERVICE,
   * PROTOCOL_VERSION).
   */
  learn(): Promise<Welcome> {
    this.#learning ??= this.#ask().finally(() => (this.#learning = null));
    return this.#learning;
  }

  async #ask(): Promise<Welcome> {
    const { replicas, dial, connectTimeoutMs } = this.#options;
    const failures: string[] = [];
    for (let tried = 0; tried < replicas.length; tried++) {
      const place = (this.#lastReplica + tried) % replicas.length;
      const replica = replicas[place] ?? '';
      try {
        const welcome = await askWelcome(dial, replica, this.hello(null), connectTimeoutMs);
        this.#lastReplica = place;
        this.#clockOffsetMs = welcome.nowMs - Date.now();
        this.#known = { welcome, url: new URL(replica) };
        return welcome;
      } catch (thrown) {
        if (thrown instanceof PsmrError && isFinal(thrown)) throw thrown;
        failures.push(messageOf(thrown));
      }
    }
    throw new PsmrError(
      'UNREACHABLE',
      `No replica answered. ${failures.join('; ')}. Check the addresses and that the server is up.`,
      {
        details: { replicas },
      },
    );
  }
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
