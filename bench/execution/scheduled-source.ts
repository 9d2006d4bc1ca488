import type { RingReader } from '../../src/memory/ring.js';
import { EntryKind, type Entry } from '../../src/ordering/group-log.js';
import type { SyncRun } from '../../src/ordering/sync-run.js';
import { decodeScheduled } from './scheduled-message.js';
import type { SourceEnd, StreamSource } from './stream-source.js';

/**
 * What the scheduler hands to a worker. Runs come before the entry whose merge point names them, so once an entry is
 * taken, its runs are here.
 */
export class ScheduledSource implements StreamSource {
  readonly #ring: RingReader;
  readonly #runs: SyncRun[] = [];
  #entries = 0;
  #end: SourceEnd | null = null;

  constructor(ring: RingReader) {
    this.#ring = ring;
  }

  takeEntry(): Entry | null {
    while (this.#end === null) {
      const bytes = this.#ring.read();
      if (bytes === null) return null;
      const message = decodeScheduled(bytes);
      if (message.kind === 'entry') return this.#entry(message.mergePoint, message.frame);
      if (message.kind === 'run') this.#runs.push(message.run);
      else this.#end = message.kind;
    }
    return null;
  }

  peekRun(): SyncRun | null {
    return this.#runs[0] ?? null;
  }

  dropRun(): void {
    this.#runs.shift();
  }

  get end(): SourceEnd | null {
    return this.#end;
  }

  goOn(): void {
    this.#end = null;
  }

  get lap(): number {
    return -1;
  }

  finishAfter(): void {
    // The scheduler says when.
  }

  #entry(mergePoint: number, frame: Uint8Array | null): Entry {
    const index = ++this.#entries;
    return { index, kind: EntryKind.commands, timestampMs: 1, mergePoint, frames: frame === null ? [] : [frame] };
  }
}
