import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LmdbCheckpointStore } from '../../src/storage/lmdb-checkpoint-store.js';
import { SegmentLogStore } from '../../src/storage/segment-log-store.js';
import { ChildPrograms } from './child-program.js';

/** Appends for ever, and says which record is durable. */
const APPENDING = `
import { SegmentLogStore } from './src/storage/segment-log-store.js';
const log = await SegmentLogStore.open(process.argv[2], { segmentBytes: 64 * 1024 });
for (;;) {
  for (let i = 0; i < 5; i++) {
    const index = log.lastIndex + 1;
    log.append(index, [Buffer.alloc(1 + (index * 37) % 3000, index % 251)]);
  }
  process.stdout.write(await log.sync() + '\\n');
}
`;

/** Four threads write a part each of one checkpoint after another; says which one is complete. */
const CHECKPOINTING = `
import { Worker, isMainThread, parentPort } from 'node:worker_threads';
import { LmdbCheckpointStore } from './src/storage/lmdb-checkpoint-store.js';
const store = LmdbCheckpointStore.open(process.argv[2], { check: isMainThread });
async function writePart(id, part) {
  const writer = store.begin(id, part);
  for (let n = 0; n < 10; n++) await writer.write(Buffer.alloc(20_000, id % 251));
  return writer.finish({ part, nextIndex: id, keys: 1, hash: '00' });
}
if (isMainThread) {
  const workers = [1, 2, 3, 4].map((part) => new Worker(process.argv[1], { argv: process.argv.slice(2), workerData: part }));
  const ask = (worker, message) => new Promise((resolve) => { worker.once('message', resolve); worker.postMessage(message); });
  for (let id = (store.newest()?.id ?? 0) + 1; process.argv[3] === undefined || id <= Number(process.argv[3]); id++) {
    const parts = await Promise.all(workers.map((worker, i) => ask(worker, { id, part: i + 1 })));
    await store.complete({ id, takenAtMs: 1, parts });
    await store.dropBelow(id);
    process.stdout.write(id + '\\n');
  }
  for (const worker of workers) await ask(worker, null);
  await store.close();
} else {
  parentPort.on('message', async (task) => {
    if (task === null) { await store.close(); parentPort.postMessage(0); parentPort.close(); }
    else parentPort.postMessage(await writePart(task.id, task.part));
  });
}
`;

let programs: ChildPrograms;
beforeAll(() => {
  programs = new ChildPrograms();
});
afterAll(() => programs.remove());

/** Lets the program say \`lines\` lines, kills it, and returns the last thing it managed to say. */
async function killAfter(lines: number, program: string, args: readonly string[]): Promise<number> {
  const child = programs.start(program, args);
  let said = 0;
  let count = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    said = Number(line);
    if (++count === lines) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  return said;
}

describe('a process that is killed', () => {
  it('leaves a log with every acknowledged record', async () => {
    const path = join(programs.directory, 'log');
    for (const lines of [1, 30, 7, 80, 2]) {
      const acknowledged = await killAfter(lines, APPENDING, [path]);
      const log = await SegmentLogStore.open(path, { segmentBytes: 64 * 1024 });
      expect(log.lastIndex).toBeGreaterThanOrEqual(acknowledged);
      for (const { index, bytes } of log.read(1, Infinity)) {
        expect(Buffer.alloc(1 + ((index * 37) % 3000), index % 251).equals(bytes)).toBe(true);
      }
      await log.close();
    }
  });

  it('leaves the checkpoints that were complete, whole, though four threads were writing', async () => {
    const path = join(programs.directory, 'checkpoints');
    for (const lines of [1, 3, 8]) {
      const complete = await killAfter(lines, CHECKPOINTING, [path]);
      const store = LmdbCheckpointStore.open(path, { check: true });
      const newest = store.newest();
      expect(newest?.id).toBeGreaterThanOrEqual(complete);
      for (const { part } of newest?.parts ?? []) {
        for (const chunk of store.read(newest?.id ?? 0, part)) expect(chunk[0]).toBe((newest?.id ?? 0) % 251);
      }
      await store.close();
    }
  });
});

describe('a process that ends in good order', () => {
  it('closes the checkpoints in all its threads', async () => {
    const child = programs.start(CHECKPOINTING, [join(programs.directory, 'orderly'), '5']);
    child.stdout.resume();
    const [code, signal] = (await once(child, 'exit')) as unknown[];
    expect([code, signal]).toEqual([0, null]);
  });
});
