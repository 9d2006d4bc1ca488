/**
 * Compares the configuration with that of each other replica, once whenever it comes into reach. Who asks tells his own,
 * too: the other one may not find the way back, because of what differs.
 */
import { PsmrError } from '../../errors.js';
import { jsonAnswer, jsonOf, type HttpRoute } from '../http-endpoint.js';
import {
  differencesOf,
  sharedConfigurationSchema,
  type ConfigurationDifference,
  type SharedConfiguration,
} from '../shared-configuration.js';
import type { Guard } from './guarded-route.js';
import type { ReplicaHttp } from './replica-http.js';

export interface ConfigurationWatchOptions {
  /** Null: not known in full yet. */
  readonly own: () => SharedConfiguration | null;
  readonly peers: () => readonly { readonly replica: number; readonly http: ReplicaHttp }[];
  /** A known replica that was not removed. */
  readonly isMember: (replica: number) => boolean;
  readonly guard: Guard;
  readonly differs: (difference: ConfigurationDifference) => void;
}

const AGAIN_MS = 2000;
/** One at whose address nobody, or somebody else, answers so many times is not asked again until it is back in reach. */
const TRIES_MAX = 10;
/** A description of many replicas with a thousand groups each. */
const BODY_BYTES_MAX = 2 << 20;

/** A replica answers so while it starts and stops: the route is not there yet, or not any more. */
const NOT_YET: ReadonlySet<unknown> = new Set([404, 503, 'ENGINE_STOPPED', 'OVERLOADED']);

export class ConfigurationWatch {
  readonly route: HttpRoute;
  readonly #options: ConfigurationWatchOptions;
  /** How often each is to be asked yet. */
  readonly #due = new Map<number, number>();
  readonly #differences = new Map<number, readonly ConfigurationDifference[]>();
  #inReach: ReadonlySet<number> = new Set();
  readonly #stop = new AbortController();
  #askAtMs = 0;
  #asking: Promise<unknown> | null = null;

  constructor(options: ConfigurationWatchOptions) {
    this.#options = options;
    this.route = options.guard.route({
      method: 'POST',
      path: '/configuration',
      bodyBytesMax: BODY_BYTES_MAX,
      handle: ({ body }) => {
        this.#hear(jsonOf(body));
        return jsonAnswer(options.own());
      },
    });
  }

  /** For the status, which is open to everybody; null: all members are alike, as far as is known. */
  get reason(): string | null {
    const members = [...this.#differences].filter(([replica]) => this.#options.isMember(replica));
    return members.flatMap(([, differences]) => differences)[0]?.open ?? null;
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
    this.#forgetRemoved();
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

  /** One in reach that is no member yet is kept: it is about to be added. */
  #forgetRemoved(): void {
    for (const replica of [...this.#due.keys(), ...this.#differences.keys()]) {
      if (this.#inReach.has(replica) || this.#options.isMember(replica)) continue;
      this.#due.delete(replica);
      this.#differences.delete(replica);
    }
  }

  async #ask(own: SharedConfiguration, replica: number, http: ReplicaHttp): Promise<void> {
    try {
      const answer = await http.post('/configuration', own, this.#stop.signal);
      // Null: it does not know its own in full yet.
      if (answer !== null && this.#hear(answer) !== replica) this.#tried(replica);
    } catch (error) {
      if (!isNotYet(error)) this.#tried(replica);
    }
  }

  #tried(replica: number): void {
    const left = (this.#due.get(replica) ?? 1) - 1;
    if (left > 0) this.#due.set(replica, left);
    else this.#due.delete(replica);
  }

  /** Of whom it is; null: of nobody here. */
  #hear(said: unknown): number | null {
    const parsed = sharedConfigurationSchema.safeParse(said);
    if (!parsed.success || !this.#options.peers().some(({ replica }) => replica === parsed.data.replica)) return null;
    const { replica } = parsed.data;
    const own = this.#options.own();
    if (own === null) return replica;
    this.#due.delete(replica);
    this.#compared(replica, differencesOf(own, parsed.data));
    return replica;
  }

  #compared(replica: number, differences: readonly ConfigurationDifference[]): void {
    const before = (this.#differences.get(replica) ?? []).map(({ problem }) => problem.message);
    this.#differences.set(replica, differences);
    for (const difference of differences)
      if (!before.includes(difference.problem.message)) this.#options.differs(difference);
  }
}

function isNotYet(error: unknown): boolean {
  return error instanceof PsmrError && (NOT_YET.has(error.code) || NOT_YET.has(error.details['status']));
}
