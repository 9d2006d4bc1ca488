/** The engine on one machine, as its clients see it: linearizable, also across kill -9. */
import { setTimeout as pause } from 'node:timers/promises';
import { connect, type Client } from 'psmr';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serviceUrl } from '../integration/compiled.js';
import { freePorts } from '../integration/free-ports.js';
import { startServer } from '../integration/server.js';
import type registersService from '../integration/services/registers.js';
import { startEngine, temporaryDirectory } from '../integration/temporary.js';
import { seededRandom } from '../seeded-random.js';
import { checkHistory, HistoryFile } from './history-file.js';
import { registers } from './models/registers.js';
import { recordRun } from './record-run.js';
import { Recorder } from './recorder.js';
import { registerActs } from './register-acts.js';

type Registers = typeof registersService;

const SEED = Number(process.env['FAST_CHECK_SEED']);

interface Recorded {
  readonly recorder: Recorder;
  readonly path: string;
  /** Commands that were answered so far. */
  readonly answered: () => number;
}

function recording(): Recorded {
  const path = `${temporaryDirectory()}/history.jsonl`;
  const file = new HistoryFile(path);
  onTestFinished(() => file.close());
  let answered = 0;
  const recorder = new Recorder({
    write: (event) => {
      if (event.type === 'ok') answered++;
      file.write(event);
    },
  });
  return { recorder, path, answered: () => answered };
}

describe(`what clients see (seed ${SEED})`, () => {
  it('is linearizable: one engine, three streams, commands of one stream and of several', async () => {
    const engine = await startEngine({ service: serviceUrl('registers'), streams: 3 });
    const clients = Array.from({ length: 12 }, () => engine.client<Registers>());
    const { recorder, path } = recording();
    const act = registerActs(12);
    const counts = await recordRun({ clients, act, recorder, seed: SEED, durationMs: 3000, commandsMax: 4000 });
    expect(counts).toMatchObject({ fail: 0, info: 0 });
    expect(counts.ok).toBeGreaterThan(1000);
    const verdict = checkHistory(registers, [path]);
    expect(verdict.verdict, verdict.words).toBe('ok');
    await Promise.all(clients.map((client) => client.close()));
  });

  it('is linearizable: a server that is killed and started again, with clients that stay', async () => {
    const listen = { port: await freePorts(3) };
    const options = { dataDir: temporaryDirectory(), durability: 'sync', streams: 2, listen } as const;
    let server = await startServer('registers', options);
    const clients = await connectAll(8, server.url);
    const { recorder, path, answered } = recording();
    const ended = new AbortController();
    const act = registerActs(16);
    const run = recordRun({
      ...{ clients, act, recorder, seed: SEED, signal: ended.signal },
      ...{ durationMs: 50_000, commandsMax: 20_000 },
    });
    const random = seededRandom(SEED);
    const goesOn = (): Promise<void> => {
      const before = answered();
      return expect.poll(answered, { timeout: 20_000, interval: 5 }).toBeGreaterThan(before + 100);
    };
    const kills = async (): Promise<void> => {
      for (let nth = 0; nth < 3; nth++) {
        await goesOn();
        await pause(random() * 400);
        await server.child.kill();
        // Once longer than clients wait.
        if (nth === 1) await pause(2 * REQUEST_TIMEOUT_MS);
        server = await startServer('registers', options);
      }
      await goesOn();
    };
    await kills().finally(() => ended.abort());
    const counts = await run;
    expect(counts.ok).toBeGreaterThan(300);
    expect(counts.info, 'no outcome was ever unknown: nothing was tested').toBeGreaterThan(0);
    const verdict = checkHistory(registers, [path]);
    expect(verdict.verdict, verdict.words).toBe('ok');
  });
});

const REQUEST_TIMEOUT_MS = 700;

async function connectAll(count: number, url: string): Promise<Client<Registers>[]> {
  const { default: service } = (await import(serviceUrl('registers').href)) as { default: Registers };
  const options = { service, replicas: [url], requestTimeoutMs: REQUEST_TIMEOUT_MS };
  const clients = await Promise.all(Array.from({ length: count }, () => connect(options)));
  onTestFinished(async () => {
    await Promise.all(clients.map((client) => client.close()));
  });
  return clients;
}
