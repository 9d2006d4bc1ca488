import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { Doorbell } from '../../src/memory/doorbell.js';
import { createRing, RingReader } from '../../src/memory/ring.js';

const MESSAGES = 100_000;
const SIZES = [0, 1, 7, 8, 40, 1000, 3, 5000, 64, 12, 300];

describe('a ring between two threads', () => {
  it('loses, doubles and reorders nothing, and nobody sleeps through a bell', async () => {
    const ring = createRing(4096);
    const words = new SharedArrayBuffer(128);
    const bell = new Doorbell(new Int32Array(words), 16);
    const reader = new RingReader(ring, new Doorbell(new Int32Array(words), 0));
    const worker = new Worker(new URL('./ring-producer.mjs', import.meta.url), {
      workerData: { ring, words, messages: MESSAGES, sizes: SIZES },
    });
    const died = new Promise<never>((_, reject) => worker.once('error', reject));
    const consume = async (): Promise<void> => {
      for (let number = 0; number < MESSAGES;) {
        const message = reader.read();
        if (message !== null) {
          check(message, reader.tag, number++);
          continue;
        }
        bell.prepare();
        if (!reader.ready) await bell.sleep();
        bell.cancel();
      }
    };
    await Promise.race([consume(), died]);
    expect(reader.read()).toBeNull();
    await worker.terminate();
  });
});

function check(message: Uint8Array, tag: number, number: number): void {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const size = SIZES[number % SIZES.length] ?? 0;
  const filled = message.subarray(8).every((byte) => byte === (number & 0xff));
  if (view.getUint32(0, true) !== number || message.byteLength !== 8 + size || !filled || tag !== (number & 0xffff))
    expect.unreachable(`message ${number} came as ${view.getUint32(0, true)}, ${message.byteLength} bytes, tag ${tag}`);
}
