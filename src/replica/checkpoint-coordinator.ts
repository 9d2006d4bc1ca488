/**
 * Follows checkpoints to their end on this replica: complete when all parts are durable, then logs are truncated. Those
 * ordered by another replica's group 0 come by themselves.
 */
import type { PsmrError } from '../errors.js';
import type { CheckpointManifest, CheckpointStore, PartManifest } from '../storage/checkpoint-store.js';

export interface CheckpointCoordinatorOptions {
  readonly groups: number;
  readonly store: CheckpointStore;
  /** Asks group 0 to order a checkpoint: `ordered` or `refused` answers. */
  readonly order: () => void;
  /** A group's entries below an index are covered. */
  readonly truncate: (group: number, below: number) => void;
  readonly completed: (manifest: CheckpointManifest) => void;
  /** What was written could not be made complete; no checkpoint is taken any more. */
  readonly failed?: (error: Error) => void;
  readonly nowMs: () => number;
}

interface Waiter {
  readonly resolve: (manifest: CheckpointManifest) => void;
  readonly reject: (error: unknown) => void;
}

export class CheckpointCoordinator {
  readonly #options: CheckpointCoordinatorOptions;
  /** Parts of checkpoints that are not complete yet, by checkpoint. */
  readonly #parts = new Map<number, Map<number, PartManifest>>();
  /** Checkpoints that some workers left out, by their groups: those that are still writing an older one. */
  readonly #skipped = new Map<number, Set<number>>();
  /** Calls that the checkpoint under way answers, and calls that came too late for it. */
  #current: Waiter[] = [];
  #next: Waiter[] = [];
  #running = false;
  /** Where the checkpoint under way stands in group 0's log; null: not known yet. */
  #orderedAt: number | null = null;
  #newest: number;
  #completing: Promise<void> = Promise.resolve();
  #failure: Error | null = null;

  constructor(options: CheckpointCoordinatorOptions) {
    this.#options = options;
    this.#newest = options.store.newest()?.id ?? 0;
  }

  /** One was asked for here, and is under way. */
  get running(): boolean {
    return this.#running;
  }

  /**
   * Takes a checkpoint of everything executed before the call; resolves when it is complete on this replica. Errors:
   * NOT_LEADER (group 0 is led elsewhere, or was before the checkpoint was committed).
   */
  take(): Promise<CheckpointManifest> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) return reject(this.#failure);
      this.#next.push({ resolve, reject });
      if (!this.#running) this.#begin();
    });
  }

  ordered(index: number): void {
    if (!this.#running) return;
    this.#orderedAt = index;
    this.#orderAgainIfSkipped();
  }

  /** The checkpoint asked for was not ordered, or was lost in a change of leader. */
  refused(error: PsmrError): void {
    if (this.#running) this.#finish((waiter) => waiter.reject(error));
  }

  partDone(id: number, part: PartManifest): void {
    for (const [skipped, writing] of this.#skipped) if (skipped > id) writing.delete(part.part);
    this.#orderAgainIfSkipped();
    if (id <= this.#newest) return;
    const parts = this.#parts.get(id) ?? new Map<number, PartManifest>();
    this.#parts.set(id, parts.set(part.part, part));
    if (parts.size < this.#options.groups) return;
    this.#completing = this.#completing
      .then(() => this.#complete(id, parts))
      .catch((thrown: unknown) => {
        const error = thrown instanceof Error ? thrown : new Error(String(thrown));
        this.fail(error);
        this.#options.failed?.(error);
      });
  }

  /** The group's worker is still writing its part of an older one, of which `partDone` is to come. */
  partSkipped(id: number, group: number): void {
    this.#skipped.set(id, (this.#skipped.get(id) ?? new Set()).add(group));
  }

  fail(error: Error): void {
    this.#failure = error;
    for (const waiter of [...this.#current, ...this.#next]) waiter.reject(error);
    this.#current = [];
    this.#next = [];
  }

  #begin(): void {
    this.#running = true;
    this.#current = this.#next;
    this.#next = [];
    this.#order();
  }

  #order(): void {
    this.#orderedAt = null;
    this.#options.order();
  }

  /** The one asked for will not be complete here: another is ordered once all who left it out could write it. */
  #orderAgainIfSkipped(): void {
    if (this.#orderedAt !== null && this.#skipped.get(this.#orderedAt)?.size === 0) this.#order();
  }

  #finish(settle: (waiter: Waiter) => void): void {
    for (const waiter of this.#current) settle(waiter);
    this.#current = [];
    this.#running = false;
    this.#orderedAt = null;
    if (this.#next.length > 0) this.#begin();
  }

  async #complete(id: number, byPart: ReadonlyMap<number, PartManifest>): Promise<void> {
    const { store, truncate, completed, nowMs } = this.#options;
    if (id <= this.#newest) return;
    const parts = [...byPart.values()].sort((a, b) => a.part - b.part);
    const manifest = { id, takenAtMs: nowMs(), parts };
    await store.complete(manifest);
    this.#newest = id;
    await store.dropBelow(id);
    for (const part of parts) truncate(part.part, part.nextIndex);
    for (const known of [...this.#parts.keys()]) if (known <= id) this.#parts.delete(known);
    for (const known of [...this.#skipped.keys()]) if (known <= id) this.#skipped.delete(known);
    completed(manifest);
    if (this.#running && this.#orderedAt !== null && id >= this.#orderedAt)
      this.#finish((waiter) => waiter.resolve(manifest));
  }
}
