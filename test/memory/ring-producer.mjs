/** A thread that writes numbered messages of changing sizes into a ring as fast as the consumer makes room. */
import { workerData } from 'node:worker_threads';
import { Doorbell } from '../../dist/src/memory/doorbell.js';
import { RingWriter } from '../../dist/src/memory/ring.js';

const { ring, words, messages, sizes } = workerData;
const own = new Doorbell(new Int32Array(words), 0);
const consumer = new Doorbell(new Int32Array(words), 16);
const writer = new RingWriter(ring);
// A sleep in Atomics.waitAsync alone does not keep a thread alive.
const alive = setInterval(() => undefined, 1 << 30);

for (let number = 0; number < messages;) {
  const message = Buffer.alloc(8 + sizes[number % sizes.length], number & 0xff);
  message.writeUInt32LE(number, 0);
  own.prepare();
  if (writer.offer(message, number & 0xffff)) {
    own.cancel();
    number++;
    if (number % 7 !== 0) continue;
  }
  if (writer.publish()) consumer.ring();
  if (number % 7 !== 0) await own.sleep();
}
while (!writer.flush()) {
  if (writer.publish()) consumer.ring();
  own.prepare();
  if (!writer.flush()) await own.sleep();
}
if (writer.publish()) consumer.ring();
clearInterval(alive);
