/** An engine's checkpoints: when one is taken by itself, which one is the newest, how much of the logs it covers. */
import { notLeader } from '../ordering/not-leader.js';
import type { PsmrError } from '../errors.js';
import type { CheckpointManifest, CheckpointStore } from '../storage/checkpoint-store.js';
import { CheckpointCoordinator } from './checkpoint-coordinator.js';
import type { CheckpointMessage } from './worker-pool.js';

/** How often the size of the logs is looked at. */
const CHECK_MS = 1000;

export interface EngineCheckpointsOptions {
  readonly groups: number;
  readonly store: CheckpointStore;
  readonly order: () => void;
  readonly truncate: (group: number, below: number) => void;
  readonly completed: (manifest: CheckpointManifest) => void;
  /** None can be taken any more: logs would grow without end. */
  readonly failed: (error: Error) => void;
  readonly logBytes: () => number;
}

export class EngineCheckpoints {
  readonly #options: EngineCheckpointsOptions;
  readonly #coordinator: CheckpointCoordinator;
  #timer: NodeJS.Timeout | undefined;
  #count = 0;
  #last: number | null;
  /** Of the logs' bytes, those that the newest checkpoint covers and that are there still: files go as a whole. */
  #coveredBytes = 0;

  constructor(options: EngineCheckpointsOptions) {
    this.#options = options;
    const { groups, store, order, truncate, failed, logBytes } = options;
    this.#last = store.newest()?.id ?? null;
    this.#coordinator = new CheckpointCoordinator({
      groups,
      store,
      order,
      truncate,
      completed: (manifest) => {
        this.#count++;
        this.#last = manifest.id;
        this.#coveredBytes = logBytes();
        options.completed(manifest);
      },
      failed,
      nowMs: Date.now,
    });
  }

  /** Completed since the start. */
  get count(): number {
    return this.#count;
  }

  /** The newest complete one; null: none. */
  get last(): number | null {
    return this.#last;
  }

  async take(): Promise<CheckpointManifest> {
    const bytes = this.#options.logBytes();
    const manifest = await this.#coordinator.take();
    this.#coveredBytes = bytes;
    return manifest;
  }

  /** From now on one is taken whenever the logs have grown by so much. */
  takeEvery(bytes: number): void {
    this.#timer = setInterval(() => this.#takeIfDue(bytes), CHECK_MS);
    this.#timer.unref();
  }

  follow(message: CheckpointMessage): void {
    switch (message.type) {
      case 'part':
        return this.#coordinator.partDone(message.checkpoint, message.part);
      case 'part-skipped':
        return this.#coordinator.partSkipped(message.checkpoint, message.part);
      case 'checkpoint-ordered':
        return this.#coordinator.ordered(message.index);
      case 'checkpoint-refused':
        return this.#coordinator.refused(notLeader(message.leader));
    }
  }

  /** None is taken any more. */
  end(error: PsmrError): void {
    clearInterval(this.#timer);
    this.#coordinator.fail(error);
  }

  #takeIfDue(everyBytes: number): void {
    if (this.#coordinator.running) return;
    const bytes = this.#options.logBytes();
    this.#coveredBytes = Math.min(this.#coveredBytes, bytes);
    // A failure is the engine's, which says why.
    if (bytes - this.#coveredBytes > everyBytes) this.take().catch(() => undefined);
  }
}
