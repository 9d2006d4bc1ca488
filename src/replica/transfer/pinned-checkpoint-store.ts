import type { CheckpointManifest, CheckpointStore, CheckpointWriter } from '../../storage/checkpoint-store.js';

/** A store whose checkpoints can be held while another replica fetches them, however often newer ones are taken. */
export class PinnedCheckpointStore implements CheckpointStore {
  readonly #store: CheckpointStore;
  readonly #pins = new Map<number, number>();
  #dropBelow = 0;

  constructor(store: CheckpointStore) {
    this.#store = store;
  }

  /** Holds checkpoint `id` until the function returned is called (once or more). */
  pin(id: number): () => void {
    this.#pins.set(id, (this.#pins.get(id) ?? 0) + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#unpin(id);
    };
  }

  begin(id: number, part: number): CheckpointWriter {
    return this.#store.begin(id, part);
  }

  complete(manifest: CheckpointManifest): Promise<void> {
    return this.#store.complete(manifest);
  }

  newest(): CheckpointManifest | null {
    return this.#store.newest();
  }

  list(): CheckpointManifest[] {
    return this.#store.list();
  }

  read(id: number, part: number): Iterable<Uint8Array> {
    return this.#store.read(id, part);
  }

  dropBelow(id: number, kept: ReadonlySet<number> = new Set()): Promise<void> {
    this.#dropBelow = Math.max(this.#dropBelow, id);
    return this.#store.dropBelow(id, new Set([...this.#pins.keys(), ...kept]));
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #unpin(id: number): void {
    const pins = (this.#pins.get(id) ?? 1) - 1;
    if (pins > 0) return void this.#pins.set(id, pins);
    this.#pins.delete(id);
    // What cannot be dropped now is dropped with the next checkpoint; a disk that fails fails that one, and says so.
    if (id < this.#dropBelow) this.dropBelow(this.#dropBelow).catch(() => undefined);
  }
}
