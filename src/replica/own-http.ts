/** A replica's own HTTP endpoint, open from before its cluster forms until the replica has ended. */
import { textAnswer, type HttpEndpoint, type HttpRoute } from './http-endpoint.js';

const NO_CLIENTS: HttpRoute = {
  method: 'GET',
  path: '/healthz',
  handle: () => textAnswer(503, 'clients are not served\n'),
};

export class OwnHttp {
  readonly #http: HttpEndpoint;
  readonly #routes: readonly HttpRoute[];

  /** `routes`: what the other replicas and operators need, whether clients are served or not. */
  constructor(http: HttpEndpoint, routes: readonly HttpRoute[]) {
    this.#http = http;
    this.#routes = [NO_CLIENTS, ...routes];
  }

  open(): void {
    this.#http.serve(this.#routes);
  }

  /** For those who serve clients there, too: to close it gives it back. */
  lend(): HttpEndpoint {
    return {
      ...this.#http,
      close: () => {
        this.open();
        return Promise.resolve();
      },
    };
  }

  close(): Promise<void> {
    return this.#http.close();
  }
}
