import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, PsmrError } from '../../src/errors.js';

/** What is open and must be closed at the end, last opened first: processes, threads, directories. */
export class Resources {
  readonly #closers: (() => Promise<void>)[] = [];
  readonly #parent: string;
  #closed = false;

  /** `parent`: where directories are made; null: the system's place for temporary files. */
  constructor(parent: string | null) {
    this.#parent = parent ?? tmpdir();
  }

  /** What comes too late is closed at once; ENGINE_STOPPED is thrown then. */
  onClose(close: () => Promise<void>): void {
    if (!this.#closed) {
      this.#closers.push(close);
      return;
    }
    close().catch(() => undefined);
    throw new PsmrError('ENGINE_STOPPED', 'Interrupted: nothing more is started.');
  }

  /** A new directory, removed in the end. */
  async directory(): Promise<string> {
    try {
      const made = await mkdtemp(join(this.#parent, 'psmr-replication-'));
      this.onClose(() => rm(made, { recursive: true, force: true, maxRetries: 5 }));
      return made;
    } catch (cause) {
      const what = `--data ${this.#parent}: no directory can be made there (${messageOf(cause)}). Name one that exists.`;
      throw new PsmrError('INVALID_ARGUMENT', what, { cause });
    }
  }

  /** Closes all, whatever fails; then rejects with the first failure. Nothing is closed twice. */
  async close(): Promise<void> {
    this.#closed = true;
    const failures: unknown[] = [];
    for (let close = this.#closers.pop(); close !== undefined; close = this.#closers.pop())
      await close().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }
}
