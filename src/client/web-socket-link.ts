/** `OpenLink` over the network. */
import { messageOf, PsmrError } from '../errors.js';
import { GreetedSocket, isFinal, noContact } from './greeted-socket.js';
import type { GroupLink, GroupLinkHandlers, OpenLink } from './group-link.js';
import type { Topology } from './topology.js';
import type { Dial } from './web-socket.js';

/** With more than this waiting in the socket, frames are better kept where they can still grow. */
const SOCKET_BYTES_MAX = 1_048_576;

class WebSocketLink implements GroupLink {
  readonly #handlers: GroupLinkHandlers;
  readonly #topology: Topology;
  #socket: GreetedSocket | null = null;
  #up = false;
  #full = false;
  #closed = false;

  constructor(topology: Topology, handlers: GroupLinkHandlers) {
    this.#topology = topology;
    this.#handlers = handlers;
  }

  async connect(dial: Dial, group: number, session: Uint8Array, timeoutMs: number): Promise<void> {
    try {
      const url = await this.#topology.endpointOf(group);
      if (this.#closed) return;
      this.#socket = new GreetedSocket(dial, url, this.#topology.hello(session), timeoutMs, {
        welcome: (welcome) => {
          if (welcome.group !== group)
            return this.#lost(noContact(url, `it serves group ${welcome.group}, not ${group}`));
          this.#up = true;
          this.#handlers.writable();
        },
        frame: (bytes) => this.#handlers.frame(bytes),
        lost: (error) => this.#lost(error),
      });
    } catch (thrown) {
      this.#lost(thrown instanceof PsmrError ? thrown : noContact(`group ${group}`, messageOf(thrown)));
    }
  }

  send(frame: Uint8Array): boolean {
    if (!this.#up || this.#socket === null) return false;
    if (this.#socket.bufferedBytes > SOCKET_BYTES_MAX) {
      this.#full = true;
      return false;
    }
    this.#socket.send(frame, () => this.#taken());
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#up = false;
    this.#socket?.close();
  }

  #taken(): void {
    if (!this.#full || this.#closed || this.#socket === null || this.#socket.bufferedBytes > SOCKET_BYTES_MAX) return;
    this.#full = false;
    this.#handlers.writable();
  }

  #lost(error: PsmrError): void {
    if (this.#closed) return;
    this.close();
    // A server that was started anew may have its groups at other ports.
    this.#topology.forget();
    this.#handlers.lost(error, !isFinal(error));
  }
}

export function webSocketLinks(dial: Dial, topology: Topology, connectTimeoutMs: number): OpenLink {
  return (group, session, handlers) => {
    const link = new WebSocketLink(topology, handlers);
    void link.connect(dial, group, session, connectTimeoutMs);
    return link;
  };
}
