/** Drives a log and remembers what it promised, so that what is found after a crash can be judged. */
import { expect } from 'vitest';
import { SegmentLogStore } from '../../src/storage/segment-log-store.js';
import type { MemoryDisk } from '../../src/storage/memory-disk.js';

export const LOG_PATH = '/data/group-1';

export const openLog = (fileSystem: MemoryDisk): Promise<SegmentLogStore> =>
  SegmentLogStore.open(LOG_PATH, { segmentBytes: 4096, identity: 'bank/group-1', fileSystem });

export class LogHistory {
  /** What may stand at each index: two where a cut has begun and its end is unknown. */
  readonly #possible = new Map<number, Set<string>>();
  #durable = 0;
  #droppable = 1;
  #version = 0;
  #syncs = 0;

  append(log: SegmentLogStore, size: number): void {
    const index = log.lastIndex + 1;
    const content = `${index}/${++this.#version}`.padEnd(size, '.');
    this.#possible.set(index, new Set([content]));
    log.append(index, [Buffer.from(content)]);
  }

  /** Every other one on the spot, where that can be. */
  async sync(log: SegmentLogStore): Promise<void> {
    this.#durable = await log.sync(this.#syncs++ % 2 === 1);
  }

  async cut(log: SegmentLogStore, index: number): Promise<void> {
    this.#durable = Math.min(this.#durable, index);
    await log.truncateAbove(index);
    for (const each of [...this.#possible.keys()]) if (each > index) this.#possible.delete(each);
  }

  async dropBelow(log: SegmentLogStore, index: number): Promise<void> {
    this.#droppable = Math.max(this.#droppable, index);
    await log.truncateBelow(index);
  }

  check(log: SegmentLogStore): void {
    expect(log.lastIndex).toBeGreaterThanOrEqual(this.#durable);
    expect(log.firstIndex).toBeLessThanOrEqual(this.#droppable);
    const records = log.read(log.firstIndex, Infinity);
    expect(records.length).toBe(log.lastIndex - log.firstIndex + 1);
    for (const [i, { index, bytes }] of records.entries()) {
      expect(index).toBe(log.firstIndex + i);
      expect(this.#possible.get(index) ?? new Set()).toContain(Buffer.from(bytes).toString());
    }
    this.#settle(log);
  }

  /** After a crash, what was found is what is. */
  #settle(log: SegmentLogStore): void {
    for (const index of [...this.#possible.keys()]) if (index > log.lastIndex) this.#possible.delete(index);
    this.#durable = log.lastIndex;
  }
}
