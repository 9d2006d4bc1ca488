import { describe, expect, it } from 'vitest';
import { CheckpointCoordinator } from '../../src/replica/checkpoint-coordinator.js';
import type { PartManifest } from '../../src/storage/checkpoint-store.js';
import { MemoryCheckpointStore } from '../../src/storage/memory-checkpoint-store.js';

function opened(): {
  coordinator: CheckpointCoordinator;
  orders: () => number;
  done: (id: number, part: number) => void;
} {
  let ordered = 0;
  const coordinator = new CheckpointCoordinator({
    groups: 3,
    store: new MemoryCheckpointStore(),
    order: () => ordered++,
    truncate: () => undefined,
    completed: () => undefined,
    nowMs: () => 0,
  });
  const done = (id: number, part: number): void => coordinator.partDone(id, manifestOf(part));
  return { coordinator, orders: () => ordered, done };
}

function manifestOf(part: number): PartManifest {
  const position = { index: 0, term: 0, membership: { voters: [], learners: [] } };
  return { part, position, nextIndex: 1, timestampMs: 0, keys: 0, hash: '0', chunks: 0, bytes: 0 };
}

describe('a checkpoint that is asked for while workers write an older one', () => {
  it.each(['before', 'behind'])('is ordered again when they have, told of it %s its order', async (when) => {
    const { coordinator, orders, done } = opened();
    const taken = coordinator.take();
    expect(orders()).toBe(1);
    if (when === 'behind') coordinator.ordered(12);
    coordinator.partSkipped(12, 1);
    coordinator.partSkipped(12, 2);
    done(10, 1);
    if (when === 'before') coordinator.ordered(12);
    expect(orders()).toBe(1);
    done(10, 2);
    expect(orders()).toBe(2);

    coordinator.ordered(15);
    for (const part of [0, 1, 2]) done(15, part);
    expect((await taken).id).toBe(15);
    expect(orders()).toBe(2);
  });

  it('is ordered again at once where they had written it before its order was known', async () => {
    const { coordinator, orders, done } = opened();
    const taken = coordinator.take();
    coordinator.partSkipped(12, 1);
    done(10, 1);
    coordinator.ordered(12);
    expect(orders()).toBe(2);
    coordinator.ordered(15);
    for (const part of [0, 1, 2]) done(15, part);
    expect((await taken).id).toBe(15);
  });
});
