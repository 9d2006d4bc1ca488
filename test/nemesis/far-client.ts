/** Clients in a process on another host: tests themselves are on none. */
import { Child } from '../integration/child.js';
import { serviceUrl } from '../integration/compiled.js';
import type { FarAnswer, FarRequest } from '../integration/programs/far-client.js';
import type { Host } from './network.js';

export interface FarConnectOptions {
  readonly replicas: readonly string[];
  readonly reads?: 'leader' | 'any';
  readonly requestTimeoutMs?: number;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(reason: Error): void;
}

export class FarClients {
  readonly #child: Child;
  readonly #waiting = new Map<number, Waiting>();
  #requests = 0;

  constructor(host: Host) {
    this.#child = new Child('far-client', { service: serviceUrl('ledger').href }, host.within);
    void this.#listen();
  }

  /** A JSON document. */
  get(url: string): Promise<unknown> {
    return this.#ask({ get: url });
  }

  async connect(client: string, options: FarConnectOptions): Promise<FarClient> {
    await this.#ask({ connect: { client, options } });
    return { execute: (command, args) => this.#ask({ execute: { client, command, args } }) };
  }

  kill(): Promise<void> {
    return this.#child.kill();
  }

  #ask(request: Omit<FarRequest, 'nth'>): Promise<unknown> {
    const nth = ++this.#requests;
    return new Promise((resolve, reject) => {
      this.#waiting.set(nth, { resolve, reject });
      this.#child.say(JSON.stringify({ nth, ...request }));
    });
  }

  async #listen(): Promise<void> {
    for (;;) {
      const line = await this.#child.line();
      if (line === null) break;
      const { nth, value, error } = JSON.parse(line) as FarAnswer;
      const waiting = this.#waiting.get(nth);
      this.#waiting.delete(nth);
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(new Error(error));
    }
    for (const { reject } of this.#waiting.values()) reject(new Error('the process of the far clients has ended'));
  }
}

export interface FarClient {
  execute(command: string, args?: unknown): Promise<unknown>;
}
