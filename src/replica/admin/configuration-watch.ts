/** Compares the configuration with that of each other replica, once whenever it comes into reach. */
import { jsonAnswer, type HttpRoute } from '../http-endpoint.js';
import { differencesOf, sharedConfigurationSchema, type SharedConfiguration } from '../shared-configuration.js';
import type { PsmrError } from '../../errors.js';
import type { Guard } from './guarded-route.js';
import type { ReplicaHttp } from './replica-http.js';

export interface ConfigurationWatchOptions {
  /** Null: not known in full yet. */
  readonly own: () => SharedConfiguration | null;
  readonly peers: () => readonly { readonly replica: number; readonly http: ReplicaHttp }[];
  readonly guard: Guard;
  readonly problem: (problem: PsmrError) => void;
}

const AGAIN_MS = 2000;
/** Links are up before the HTTP endpoint is; one that does not answer after so many times has none that does. */
const TRIES_MAX = 10;

export class ConfigurationWatch {
  readonly route: HttpRoute;
  readonly #options: ConfigurationWatchOptions;
  /** How often each is to be asked yet. */
  readonly #due = new Map<number, number>();
  readonly #differences = new Map<number, readonly string[]>();
  #inReach: ReadonlySet<number> = new Set();
  readonly #stop = new AbortController();
  #askAtMs = 0;
  #asking: Promise<unknown> | null = null;

  constructor(options: ConfigurationWatchOptions) {
    this.#options = options;
    this.route = options.guard.route({
      method: 'GET',
      path: '/configuration',
      handle: () => jsonAnswer(options.own()),
    });
  }

  /** For the status; null: all are alike, as far as is known. */
  get reason(): string | null {
    return [...this.#differences.values()].flat()[0] ?? null;
  }

  /** Those that are now. One that is back may have been given another configuration. */
  inReach(replicas: readonly number[]): void {
    for (const replica of replicas) if (!this.#inReach.has(replica)) this.compare(replica);
    this.#inReach = new Set(replicas);
  }

  compare(replica: number): void {
    this.#due.set(replica, TRIES_MAX);
  }

  /** To be called now and then. Resolves when nobody is being asked. */
  async look(nowMs: number): Promise<void> {
    const own = this.#due.size === 0 || this.#asking !== null || nowMs < this.#askAtMs ? null : this.#options.own();
    if (own === null) return;
    this.#askAtMs = nowMs + AGAIN_MS;
    const asked = this.#options.peers().filter(({ replica }) => this.#due.has(replica));
    const asking = asked.map(({ replica, http }) => this.#ask(own, replica, http));
    this.#asking = Promise.all(asking).finally(() => (this.#asking = null));
    await this.#asking;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#asking;
  }

  async #ask(own: SharedConfiguration, replica: number, http: ReplicaHttp): Promise<void> {
    const tries = (this.#due.get(replica) ?? 1) - 1;
    if (tries > 0) this.#due.set(replica, tries);
    else this.#due.delete(replica);
    const answer = await http.get('/configuration', this.#stop.signal).catch(() => null);
    const parsed = sharedConfigurationSchema.safeParse(answer);
    if (!parsed.success || parsed.data.replica !== replica) return;
    this.#due.delete(replica);
    this.#compared(replica, differencesOf(own, parsed.data));
  }

  #compared(replica: number, differences: readonly PsmrError[]): void {
    const before = this.#differences.get(replica) ?? [];
    this.#differences.set(
      replica,
      differences.map(({ message }) => message),
    );
    for (const difference of differences) if (!before.includes(difference.message)) this.#options.problem(difference);
  }
}
