import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, PsmrError } from '../../src/errors.js';
import { Engine } from '../../src/replica/engine.js';
import type { EngineOptions } from '../../src/replica/engine-options.js';
import type { EnginePort } from '../../src/replica/engine-port.js';
import type { Durability } from '../options/bench-options.js';
import { ringBytesFor } from './ring-bytes.js';
import type { Target } from './target.js';

export interface EngineTargetOptions {
  readonly service: URL;
  readonly streams: number;
  readonly durability: Durability;
  /** Where the directory of a durable engine is made; null: the system's place for temporary files. */
  readonly dataParent: string | null;
  readonly outstanding: number;
  /** Undefined: as an engine does. */
  readonly recording?: boolean | undefined;
}

/** smr (one stream) and p-smr: the engine itself, in memory or with a data directory that is removed at the end. */
export class EngineTarget implements Target {
  readonly failure: Promise<never>;
  readonly #options: EngineTargetOptions;
  #fail: (error: unknown) => void = () => undefined;
  #directory: string | null = null;
  #engine: Engine | null = null;

  constructor(options: EngineTargetOptions) {
    this.#options = options;
    this.failure = new Promise((_, reject) => {
      this.#fail = reject;
    });
    // Who is interested listens for it later.
    this.failure.catch(() => undefined);
  }

  async start(clients: number): Promise<readonly EnginePort[]> {
    const engine = await Engine.start(await this.#engineOptions(clients));
    this.#engine = engine;
    void engine.failure.then(this.#fail);
    return Array.from({ length: clients }, () => engine.port());
  }

  async stop(): Promise<void> {
    await this.#engine?.stop();
    if (this.#directory !== null) await rm(this.#directory, { recursive: true, force: true });
  }

  async #engineOptions(clients: number): Promise<EngineOptions> {
    const { service, streams, durability, outstanding, recording = true } = this.#options;
    const limits = { outstandingMax: Math.max(262_144, outstanding), ringBytes: ringBytesFor(clients, streams + 1) };
    if (durability === 'memory') return { service, streams, limits, recording };
    this.#directory = await this.#makeDirectory();
    return { service, streams, limits, recording, durability, dataDir: this.#directory };
  }

  async #makeDirectory(): Promise<string> {
    const parent = this.#options.dataParent ?? tmpdir();
    try {
      return await mkdtemp(join(parent, 'psmr-bench-'));
    } catch (cause) {
      const what = `--data ${parent}: no directory can be made there (${messageOf(cause)}). Name one that exists.`;
      throw new PsmrError('INVALID_ARGUMENT', what, { cause });
    }
  }
}
