/** A line between two replicas that a test can stop, cut or spoil. Its port stays, whoever is behind it. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export class TcpProxy {
  readonly port: number;
  /** Where to; 0: nobody is there. */
  target = 0;
  /** Connections made so far. */
  made = 0;
  readonly #server: Server;
  readonly #lines = new Set<readonly [near: Socket, far: Socket]>();
  #paused = false;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (near: Socket) => this.#join(near));
  }

  static async open(): Promise<TcpProxy> {
    const server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server);
  }

  #join(near: Socket): void {
    near.on('error', () => undefined);
    if (this.target === 0) return void near.destroy();
    this.made++;
    const far = connect({ port: this.target, host: '127.0.0.1', noDelay: true });
    const line = [near, far] as const;
    this.#lines.add(line);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (bytes) => {
        if (!this.#paused && !to.write(bytes)) from.pause();
      });
      to.on('drain', () => {
        if (!this.#paused) from.resume();
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        to.destroy();
        this.#lines.delete(line);
      });
    }
    if (this.#paused) near.pause();
  }

  /** Nothing passes any more, while everything stays connected and new connections are made. */
  pause(): void {
    this.#paused = true;
    for (const [near, far] of this.#lines) {
      near.pause();
      far.pause();
    }
  }

  /** New connections are served again; those from before stay as they are. */
  resume(): void {
    this.#paused = false;
  }

  /** Every connection breaks, as if a machine had gone. */
  cut(): void {
    for (const [near, far] of this.#lines) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
