/**
 * Finds out that this replica was removed. Nobody tells it: from the change on, leaders send it nothing. So one that has
 * taken part and hears no leader of any group asks the others.
 */
import { isNoMember, type ReplicaView } from './cluster-client.js';

export interface RemovalWatchOptions {
  readonly replica: number;
  /** It has a log, and hears no leader of any group. */
  readonly isLeft: () => boolean;
  /** How the others see the cluster. May reject. */
  readonly ask: () => Promise<readonly ReplicaView[]>;
  readonly tell: (sentence: string) => void;
}

/** Longer than groups are without leaders where all is well. */
const LEFT_MS = 3000;
const AGAIN_MS = 5000;

export class RemovalWatch {
  readonly #options: RemovalWatchOptions;
  /** When the others are to be asked; null: some leader is heard. */
  #askAtMs: number | null = null;
  #removed = false;

  constructor(options: RemovalWatchOptions) {
    this.#options = options;
  }

  /** For the status; null: it is a member, as far as is known. */
  get reason(): string | null {
    return this.#removed ? `it was removed from every group: ${adviceFor(this.#options.replica)}` : null;
  }

  /** To be called now and then. Resolves when nobody is being asked. */
  async look(nowMs: number): Promise<void> {
    if (!this.#options.isLeft()) {
      this.#askAtMs = null;
      this.#removed = false;
      return;
    }
    this.#askAtMs ??= nowMs + LEFT_MS;
    if (nowMs < this.#askAtMs) return;
    this.#askAtMs = nowMs + AGAIN_MS;
    const views = await this.#options.ask().catch(() => []);
    // What has changed here meanwhile is newer than what they say.
    if (this.#options.isLeft()) this.#learn(isNoMember(this.#options.replica, views));
  }

  #learn(removed: boolean): void {
    const { replica, tell } = this.#options;
    if (removed && !this.#removed)
      tell(`Replica ${replica} was removed from the cluster and takes part in no group: ${adviceFor(replica)}`);
    this.#removed = removed;
  }
}

function adviceFor(replica: number): string {
  return (
    'stop it, and take it out of the configuration; ' +
    `to add it again, start it with --rebuild and an empty data directory, then psmr member add ${replica}`
  );
}
