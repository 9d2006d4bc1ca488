/** One load per group, each on its own: what one group suffers shows in its load, and in no other's. */
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
  #longestMs = 0;

  constructor(next: (nth: number) => Promise<string>) {
    this.#done = this.#run(next);
  }

  /** The longest that a command took since this was last asked, ms. */
  takeLongestMs(): number {
    const longest = this.#longestMs;
    this.#longestMs = 0;
    return longest;
  }

  async stop(): Promise<void> {
    this.#going = false;
    await this.#done;
  }

  async #run(next: (nth: number) => Promise<string>): Promise<void> {
    for (let nth = 0; this.#going; nth++) {
      const began = performance.now();
      try {
        this.acknowledged.push(await next(nth));
      } catch (error) {
        this.failed.push(String(error));
      }
      this.#longestMs = Math.max(this.#longestMs, performance.now() - began);
    }
  }
}

/** `add` commands of one stream; each key gets few, for values grow with them. */
export function streamLoad(client: FarClient, stream: number, streams: number, name: string, pad = 0): GroupLoad {
  const keys = Array.from({ length: 20 }, (_, nth) => keysOf(streams, `counter/${name}-${nth}-`)[stream - 1]);
  return new GroupLoad(async (nth) => {
    const id = `add-${name}-${stream}-${nth}`;
    const padding = pad === 0 ? {} : { pad: 'x'.repeat(pad) };
    await client.execute('add', { key: keys[nth % keys.length], by: 1, id, ...padding });
    return id;
  });
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
