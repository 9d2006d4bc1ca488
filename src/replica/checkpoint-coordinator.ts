/** Follows checkpoints from their order to the end: complete when all parts are durable, then logs are truncated. */
import type { CheckpointManifest, CheckpointStore, PartManifest } from '../storage/checkpoint-store.js';

export interface CheckpointCoordinatorOptions {
  readonly groups: number;
  readonly store: CheckpointStore;
  /** Orders a checkpoint. */
  readonly order: () => void;
  /** A group's entries below an index are covered. */
  readonly truncate: (group: number, below: number) => void;
  readonly nowMs: () => number;
}

interface Waiter {
  readonly resolve: (manifest: CheckpointManifest) => void;
  readonly reject: (error: unknown) => void;
}

export class CheckpointCoordinator {
  readonly #options: CheckpointCoordinatorOptions;
  #parts = new Map<number, PartManifest>();
  /** Calls that the checkpoint under way answers, and calls that came too late for it. */
  #current: Waiter[] = [];
  #next: Waiter[] = [];
  #running = false;
  #failure: Error | null = null;

  constructor(options: CheckpointCoordinatorOptions) {
    this.#options = options;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Takes a checkpoint of everything executed before the call; resolves when it is complete. */
  take(): Promise<CheckpointManifest> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) return reject(this.#failure);
      this.#next.push({ resolve, reject });
      if (!this.#running) this.#begin();
    });
  }

  partDone(id: number, part: PartManifest): void {
    if (!this.#running) return;
    this.#parts.set(part.part, part);
    if (this.#parts.size < this.#options.groups) return;
    this.#complete(id).catch((error: unknown) => this.fail(error instanceof Error ? error : new Error(String(error))));
  }

  fail(error: Error): void {
    this.#failure = error;
    for (const waiter of [...this.#current, ...this.#next]) waiter.reject(error);
    this.#current = [];
    this.#next = [];
  }

  #begin(): void {
    this.#running = true;
    this.#parts = new Map();
    this.#current = this.#next;
    this.#next = [];
    this.#options.order();
  }

  async #complete(id: number): Promise<void> {
    const { store, truncate, nowMs } = this.#options;
    const parts = [...this.#parts.values()].sort((a, b) => a.part - b.part);
    const manifest = { id, takenAtMs: nowMs(), parts };
    await store.complete(manifest);
    await store.dropBelow(id);
    for (const part of parts) truncate(part.part, part.nextIndex);
    for (const waiter of this.#current) waiter.resolve(manifest);
    this.#current = [];
    this.#running = false;
    if (this.#next.length > 0) this.#begin();
  }
}
