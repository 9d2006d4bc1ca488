import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Masks } from '../../src/transport/masks.js';

describe('a message that is masked', () => {
  const masks = new Masks();
  let server: WebSocketServer;
  let client: WebSocket;
  let stream: Socket;
  let received: Promise<Buffer[]>;

  beforeEach(async () => {
    server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    received = once(server, 'connection').then(([socket]) => messagesOf(socket as WebSocket));
    const { port } = server.address() as AddressInfo;
    client = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false, generateMask: masks.generate });
    client.on('upgrade', ({ socket }) => (stream = socket));
    await once(client, 'open');
  });

  afterEach(() => {
    client.terminate();
    server.close();
  });

  async function send(bytes: number): Promise<{ message: Buffer; writes: number }> {
    const message = Buffer.from(Array.from({ length: bytes }, (_, at) => at % 251));
    const write = vi.spyOn(stream, 'write');
    masks.announce(bytes);
    client.send(message);
    client.close();
    return { message, writes: write.mock.calls.length - 1 };
  }

  it.each([
    [1, 1],
    [1_024, 1],
    [1_025, 2],
    [70_000, 2],
  ])('arrives as it was sent: %i bytes, in %i pieces', async (bytes, pieces) => {
    const { message, writes } = await send(bytes);
    expect(await received).toEqual([message]);
    expect(writes).toBe(pieces);
  });
});

function messagesOf(socket: WebSocket): Promise<Buffer[]> {
  const messages: Buffer[] = [];
  socket.on('message', (data) => messages.push(data as Buffer));
  return once(socket, 'close').then(() => messages);
}
