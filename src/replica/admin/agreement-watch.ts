/**
 * Exchanges checkpoints' hashes with the other replicas, and tells when this one must stop. Each is asked until both have
 * told each other of the newest checkpoint here.
 */
import { z } from 'zod';
import { decideAgreement, type Agreement, type RecentHashes, type ReplicaHashes } from '../agreement.js';
import type { PsmrError } from '../../errors.js';
import type { ReplicaHttp } from './replica-http.js';
import { Unattended } from './unattended.js';

export interface AgreementWatchOptions {
  readonly replica: number;
  readonly hashes: RecentHashes;
  /** The voters of group 0. */
  readonly members: () => readonly number[];
  readonly peers: () => readonly { readonly replica: number; readonly http: ReplicaHttp }[];
  /** Hears every decision. */
  readonly decided: (agreement: Agreement) => void;
  /** It cannot ask. */
  readonly problem: (problem: PsmrError) => void;
  readonly everyMs?: number;
}

const EVERY_MS = 5000;

const hashesSchema: z.ZodType<ReplicaHashes> = z.object({
  replica: z.int().min(1),
  checkpoints: z.array(z.object({ id: z.int().min(0), parts: z.array(z.string()).max(1024) })).max(64),
});

export class AgreementWatch {
  readonly #options: AgreementWatchOptions;
  /** What each has told last: one that is down now has told all the same. */
  readonly #told = new Map<number, ReplicaHashes>();
  /** By replica, the newest checkpoint of which it was told here and has told in return. */
  readonly #exchanged = new Map<number, number>();
  readonly #unattended: Unattended;
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #asking: Promise<void> | null = null;

  constructor(options: AgreementWatchOptions) {
    this.#options = options;
    this.#unattended = new Unattended(options.problem);
  }

  start(): void {
    // One that differed when it stopped must not serve until the first round.
    void this.compare();
    this.#timer = setInterval(() => void this.compare(), this.#options.everyMs ?? EVERY_MS);
    this.#timer.unref();
  }

  /**
   * What another replica says of its hashes. Who asks tells his own, too: he may stop because of what he hears, and the
   * others must then know in what he differed.
   */
  hear(said: unknown): void {
    const parsed = hashesSchema.safeParse(said);
    if (parsed.success && this.#options.peers().some(({ replica }) => replica === parsed.data.replica))
      this.#told.set(parsed.data.replica, parsed.data);
  }

  /**
   * Asks everybody who is due now; resolves when all have answered or failed to. To be called when a checkpoint is
   * complete, too.
   */
  compare(): Promise<void> {
    this.#asking ??= this.#unattended.run(() => this.#compare()).finally(() => (this.#asking = null));
    return this.#asking;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    await this.#asking;
  }

  async #compare(): Promise<void> {
    const { replica: own, hashes, members, peers, decided } = this.#options;
    const newest = hashes.newest;
    if (newest === null) return;
    const due = members().filter((id) => id !== own && this.#exchanged.get(id) !== newest);
    const asked = due.length === 0 ? [] : peers().filter(({ replica }) => due.includes(replica));
    await Promise.all(asked.map(({ replica, http }) => this.#ask(replica, http, newest)));
    if (this.#stop.signal.aborted) return;
    decided(decideAgreement(own, members(), [hashes.report(), ...this.#told.values()]));
  }

  /** Who does not answer is asked again next time. */
  async #ask(replica: number, http: ReplicaHttp, newest: number): Promise<void> {
    const { hashes } = this.#options;
    const told = await http.post('/checkpoints/hashes', hashes.report(), this.#stop.signal).catch(() => null);
    const parsed = hashesSchema.safeParse(told);
    if (!parsed.success || parsed.data.replica !== replica) return;
    this.#told.set(replica, parsed.data);
    if (parsed.data.checkpoints.some(({ id }) => id === newest)) this.#exchanged.set(replica, newest);
  }
}
