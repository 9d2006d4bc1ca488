import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { limitsWithDefaults } from '../../src/config/limits.js';
import { encodeCommandBatch } from '../../src/execution/command-batch.js';
import { Counters, createCounters } from '../../src/memory/counters.js';
import { RingWriter } from '../../src/memory/ring.js';
import { ClientIntake, type ClientIntakeOptions, type Route } from '../../src/replica/client-intake.js';
import { clientMemoryOf, createClientMemory } from '../../src/replica/engine-memory.js';
import { CLIENT_CLOSED_WORD } from '../../src/replica/ring-client.js';
import { encodeCommandsFrame, SESSION_BYTES } from '../../src/transport/frames.js';
import { isCollected } from '../garbage.js';

const limits = limitsWithDefaults({});

function intakeOf(accept: ClientIntakeOptions['accept']): ClientIntake {
  return new ClientIntake({
    group: 1,
    streams: 2,
    epoch: 7,
    limits,
    counters: new Counters(createCounters(3), 1),
    latency: null,
    subscriptions: null,
    queuedBytes: () => 0,
    refused: () => null,
    accept,
    wake: () => undefined,
  });
}

function listenOn(intake: ClientIntake, host: string): Promise<number> {
  return intake.listen({ host, port: 0, ...limits }, 'none', null, () => {
    throw new Error('nobody is greeted');
  });
}

describe('an endpoint that is closed while it is being opened', () => {
  it('is closed when the thread may end', async () => {
    const intake = intakeOf(() => undefined);
    const opened = listenOn(intake, '127.0.0.1');
    await intake.close();
    const socket = connect(await opened, '127.0.0.1');
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
  });

  it('lets the thread end where it could not be opened', async () => {
    const intake = intakeOf(() => undefined);
    const opened = listenOn(intake, '192.0.2.1');
    await Promise.all([expect(opened).rejects.toMatchObject({ code: 'INVALID_CONFIG' }), intake.close()]);
  });
});

describe('a client in the process that has closed', () => {
  it('is forgotten with the memory of its rings, though nothing is left to be answered', async () => {
    let route: WeakRef<Route> | null = null;
    const intake = intakeOf((_frame, _bytes, accepted) => {
      route = new WeakRef(accepted);
    });
    const words = sendOneFrame(intake);
    expect(intake.poll()).toBe(true);
    expect(await isCollected(accepted(route))).toBe(false);
    Atomics.store(words, CLIENT_CLOSED_WORD, 1);
    intake.poll();
    expect(await isCollected(accepted(route))).toBe(true);
  });
});

function sendOneFrame(intake: ClientIntake): Int32Array {
  const memory = clientMemoryOf(createClientMemory(1, 3, 1 << 16), 1);
  intake.addRing(memory);
  const requests = new RingWriter(memory.requests);
  requests.offer(
    encodeCommandsFrame({
      flags: 0,
      epoch: 7,
      session: new Uint8Array(SESSION_BYTES).fill(1),
      firstSequence: 1,
      acknowledged: 0,
      segments: [{ low: 1, high: 0, flags: 0, count: 1, body: encodeCommandBatch(['put'], [0], [{}]) }],
    }),
    1,
  );
  requests.publish();
  return new Int32Array(memory.words);
}

function accepted(route: WeakRef<Route> | null): WeakRef<Route> {
  if (route === null) throw new Error('no frame was accepted');
  return route;
}
