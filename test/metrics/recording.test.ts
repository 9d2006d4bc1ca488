/** What a running engine records. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { Engine, type Client, type EngineOptions } from 'psmr';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { bucketEndUs } from '../../src/metrics/latency-buckets.js';
import { serviceUrl } from '../integration/compiled.js';
import type slowly from '../integration/services/slowly.js';

let engine: Engine | null = null;
afterEach(async () => {
  await engine?.stop();
  engine = null;
});

async function start(options: Partial<EngineOptions> = {}): Promise<Client<typeof slowly>> {
  engine = await Engine.start({ service: serviceUrl('slowly'), streams: 2, ...options });
  return engine.client<typeof slowly>();
}

const map = createPartitionMap({ streams: 2 });
const keyIn = (stream: number): string =>
  Array.from({ length: 50 }, (_, at) => `key-${at}`).find((key) => map.streamOf(key) === stream) ?? '';
const [first, second] = [keyIn(1), keyIn(2)];

/** So much work that it takes at least so long, and not many times that, at the speed of this moment. */
async function roundsOf(client: Client<typeof slowly>, ms: number): Promise<number> {
  for (let rounds = 1_000_000; ; rounds *= 1.5) {
    const from = performance.now();
    await client.execute('work', { key: second, rounds });
    if (performance.now() - from > ms * 1.5) return rounds;
  }
}

function recordedOf(): NonNullable<ReturnType<Engine['stats']>['recorded']> {
  return engine?.stats().recorded ?? expect.unreachable('it records');
}

async function get(path: string): Promise<string> {
  const { http } = (await engine?.listen({ port: 0, http: { port: 0 } })) ?? expect.unreachable();
  const answer = await fetch(`http://127.0.0.1:${http?.port ?? 0}${path}`);
  expect(answer.status).toBe(200);
  return answer.text();
}

describe('an engine that records', () => {
  it('counts every command by its name, and times some', async () => {
    const client = await start();
    const keys = [first, second];
    await Promise.all(Array.from({ length: 3000 }, (_, at) => client.execute('touch', { key: keys[at % 2] ?? '' })));
    await Promise.all(Array.from({ length: 70 }, () => client.execute('both', { keys })));
    await client.execute('look', { key: first });
    const { commands, slots } = recordedOf();
    const counts = Object.fromEntries(commands.map(({ name, count }) => [name, count]));
    expect(counts).toEqual({ touch: 3000, both: 70, look: 1, work: 0 });
    for (const { count, timed } of commands) expect(timed).toBeLessThanOrEqual(count);
    expect(commands[0]?.timed).toBeGreaterThan(0);
    expect(commands[0]?.timedUs).toBeGreaterThan(0);
    const touched = slots.flatMap((count, slot) => (count > 0 ? [map.toJson().slots[slot]] : []));
    expect(touched.sort()).toEqual([1, 2]);
  });

  it('knows for whom a stream waits at a rendezvous, and that all states make up all of the time', async () => {
    const client = await start();
    const rounds = await roundsOf(client, 150);
    await client.execute('both', { keys: [first, second] });
    const startedMs = performance.now();
    const before = recordedOf().groups;
    // Stream 2 is at work when the other has come.
    const busy = client.execute('work', { key: second, rounds });
    await sleep(20);
    await Promise.all([busy, client.execute('both', { keys: [first, second] })]);
    await sleep(20);
    const elapsedUs = (performance.now() - startedMs) * 1000;
    const { groups } = recordedOf();
    const waitedUs = (group: number, last: number): number =>
      (groups[group]?.awaitedUs[last] ?? 0) - (before[group]?.awaitedUs[last] ?? 0);
    expect(waitedUs(1, 2)).toBeGreaterThan(50_000);
    expect(waitedUs(1, 2)).toBeLessThan(elapsedUs);
    expect(waitedUs(2, 1)).toBeLessThan(50_000);
    groups.forEach(({ statesUs }, group) => {
      const sum = Object.values(statesUs).reduce((total, us) => total + us, 0);
      const old = Object.values(before[group]?.statesUs ?? {}).reduce((total, us) => total + us, 0);
      expect(Math.abs(sum - old - elapsedUs)).toBeLessThan(20_000);
    });
    const spent = (groups[2]?.statesUs.busy ?? 0) - (before[2]?.statesUs.busy ?? 0);
    expect(spent).toBeGreaterThan(100_000);
  });

  it('measures how long frames take', async () => {
    const client = await start();
    await client.execute('work', { key: first, rounds: await roundsOf(client, 60) });
    const { counts, frames, sumUs, p50Us } = recordedOf().groups[1]?.latency ?? expect.unreachable();
    expect(frames).toBe(1);
    expect(sumUs).toBeGreaterThan(59_000);
    expect(p50Us).toBeGreaterThan(59_000);
    expect(bucketEndUs(counts.findIndex((count) => count > 0))).toBe(p50Us);
  });

  it('tells of slow commands and of checkpoints', async () => {
    const client = await start();
    await client.execute('work', { key: first, rounds: await roundsOf(client, 80) });
    await engine?.checkpoint();
    const { events } = JSON.parse(await get('/dashboard.json')) as { events: { kind: string; text: string }[] };
    expect(events.at(-1)?.kind).toBe('checkpoint');
    const slow = events.filter(({ kind }) => kind === 'slow');
    expect(slow.at(-1)?.text).toMatch(/^stream 1: work took \d\.\d+ s$/);
  });
});

describe('/metrics', () => {
  const LINE = /^(# (HELP|TYPE) \w+ .+|[a-z_]+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? (-?\d+(\.\d+)?(e[+-]?\d+)?))$/;

  it('is valid text with all that is recorded', async () => {
    const client = await start();
    await Promise.all([first, second].map((key) => client.execute('touch', { key })));
    const text = await get('/metrics');
    const lines = text
      .trimEnd()
      .split('\n')
      .filter((line) => line !== '');
    for (const line of lines) expect(line).toMatch(LINE);
    const series = lines.filter((line) => !line.startsWith('#')).map((line) => line.replace(/ [^ ]*$/, ''));
    expect(new Set(series).size).toBe(series.length);
    const names = new Set(lines.flatMap((line) => /^# TYPE (\w+)/.exec(line)?.[1] ?? []));
    for (const each of series) {
      const name = each.replace(/\{.*/, '');
      expect(names.has(name) || names.has(name.replace(/_(bucket|sum|count)$/, '')), each).toBe(true);
    }
    expect(lines).toContain('psmr_command_executions_total{command="touch"} 2');
    expect(series).toContain('psmr_state_seconds_total{stream="1",state="rendezvous"}');
    const buckets = lines.filter((line) => line.startsWith('psmr_frame_seconds_bucket{stream="1"'));
    const counts = buckets.map((line) => Number(line.split(' ')[1]));
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(counts.at(-1)).toBe(1);
  });

  it('holds the counters alone where nothing is recorded, and nothing else is missing', async () => {
    const client = await start({ recording: false });
    await client.execute('both', { keys: [first, second] });
    expect(engine?.stats().recorded).toBeNull();
    const text = await get('/metrics');
    expect(text).toContain('psmr_commands_total{stream="1"} 1');
    expect(text).not.toMatch(/psmr_(state|command_|frame_seconds|slot)/);
    const { recording, samples } = JSON.parse(await get('/dashboard.json')) as {
      recording: boolean;
      samples: unknown[];
    };
    expect(recording).toBe(false);
    expect(samples).toBeInstanceOf(Array);
  });
});

describe('/stats', () => {
  it('is JSON, its long lists on one line each', async () => {
    await start();
    const text = await get('/stats');
    expect((JSON.parse(text) as { recorded: { slots: number[] } }).recorded.slots).toHaveLength(1024);
    expect(text.split('\n').length).toBeLessThan(400);
  });
});
