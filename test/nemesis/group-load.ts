/** One load per group, each on its own: what one group suffers shows in its load, and in no other's. */
import { expect } from 'vitest';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import type { FarClient } from './far-client.js';

/** A key of each stream, stream 1 first. */
function keysOf(streams: number, prefix: string): string[] {
  const map = createPartitionMap({ streams });
  return Array.from({ length: streams }, (_, at) => {
    for (let nth = 0; ; nth++) if (map.streamOf(`${prefix}${nth}`) === at + 1) return `${prefix}${nth}`;
  });
}

/** Ledger commands of one group, one after another, until told to stop. */
export class GroupLoad {
  readonly acknowledged: string[] = [];
  readonly failed: string[] = [];
  readonly #done: Promise<void>;
  #going = true;

  constructor(next: (nth: number) => Promise<string>) {
    this.#done = this.#run(next);
  }

  /** Waits for as many acknowledgements. */
  async more(count: number): Promise<void> {
    const wanted = this.acknowledged.length + count;
    await expect.poll(() => this.acknowledged.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(wanted);
  }

  /** Nothing may have failed. */
  async stop(): Promise<void> {
    this.#going = false;
    await this.#done;
    expect(this.failed).toEqual([]);
  }

  async #run(next: (nth: number) => Promise<string>): Promise<void> {
    for (let nth = 0; this.#going; nth++) {
      try {
        this.acknowledged.push(await next(nth));
      } catch (error) {
        this.failed.push(String(error));
      }
    }
  }
}

/** `add` commands of one stream, to one key: its amount is how many have been executed. */
export class StreamLoad extends GroupLoad {
  readonly key: string;

  constructor(client: FarClient, options: { stream: number; streams: number; name: string; pad?: number }) {
    const { stream, streams, name, pad = 0 } = options;
    const key = keysOf(streams, `counter/${name}-`)[stream - 1] ?? '';
    const padding = pad === 0 ? {} : { pad: 'x'.repeat(pad) };
    super(async (nth) => {
      const id = `add-${name}-${stream}-${nth}`;
      await client.execute('add', { key, by: 1, id, ...padding });
      return id;
    });
    this.key = key;
  }
}

/** `transfer` commands between all streams, through group 0. */
export function transferLoad(client: FarClient, streams: number, name: string): GroupLoad {
  const keys = keysOf(streams, `account/${name}-`);
  return new GroupLoad(async (nth) => {
    const id = `transfer-${name}-${nth}`;
    const [from, to] = [keys[nth % streams], keys[(nth + 1) % streams]];
    await client.execute('transfer', { from, to, amount: 1, id });
    return id;
  });
}
