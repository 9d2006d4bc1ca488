import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { Masks } from '../../src/transport/masks.js';
import { MessageSender } from '../../src/transport/peers/message-sender.js';
import { isCollected } from '../garbage.js';

const MESSAGE_BYTES = 50_000;

describe('a link whose other end does not read', () => {
  it('keeps what it has still to send in memory, and nothing of what the system has taken', async () => {
    const taken: number[] = [];
    // The system has room for one message, and takes no more.
    const socket = {
      OPEN: 1,
      readyState: 1,
      bufferedAmount: 0,
      send(bytes: Uint8Array): void {
        taken.push(bytes.byteLength);
        if (bytes.byteLength === MESSAGE_BYTES) socket.bufferedAmount = 1 << 20;
      },
    };
    const sender = new MessageSender(socket as unknown as WebSocket, new PassThrough(), new Masks());
    const [sent, waiting] = [push(sender), push(sender)];
    await new Promise(setImmediate);
    expect(taken.filter((bytes) => bytes === MESSAGE_BYTES)).toHaveLength(1);
    expect(await isCollected(sent)).toBe(true);
    expect(await isCollected(waiting)).toBe(false);
    expect(sender.unsentBytes).toBeGreaterThan(MESSAGE_BYTES);
  });
});

function push(sender: MessageSender): WeakRef<Uint8Array> {
  const message = new Uint8Array(MESSAGE_BYTES);
  sender.push([message], message.byteLength);
  return new WeakRef(message);
}
