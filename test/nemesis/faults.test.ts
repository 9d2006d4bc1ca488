import { describe, expect, it, onTestFinished } from 'vitest';
import { Child } from '../integration/child.js';
import { type Fault, planFaults, runFaults } from './faults.js';

const PLAN = { durationMs: 10_000, faultMs: [50, 500], quietMs: [10, 300] } as const;

function fault(name: string, log: string[] = []): Fault {
  return { name, begin: () => void log.push(`begin ${name}`), end: () => void log.push(`end ${name}`) };
}

describe('a plan of faults', () => {
  it('is the same for the same seed, another for another, one fault at a time', () => {
    const faults = [fault('a'), fault('b'), fault('c')];
    const plan = planFaults(faults, { ...PLAN, seed: 1 });
    expect(planFaults(faults, { ...PLAN, seed: 1 })).toEqual(plan);
    expect(planFaults(faults, { ...PLAN, seed: 2 })).not.toEqual(plan);
    expect(new Set(plan.map((one) => one.fault)).size).toBe(3);
    plan.forEach(({ fromMs, toMs }, at) => {
      expect(toMs - fromMs).toBeGreaterThanOrEqual(50);
      expect(fromMs).toBeGreaterThan(plan[at - 1]?.toMs ?? 0);
      expect(toMs).toBeLessThanOrEqual(PLAN.durationMs);
    });
  });

  it('is carried out, and ends what it has begun when it is ended early', async () => {
    const log: string[] = [];
    const ended = new AbortController();
    const last: Fault = { ...fault('last', log), begin: () => ended.abort() };
    const planned = [
      { fault: fault('a', log), fromMs: 5, toMs: 10 },
      { fault: last, fromMs: 15, toMs: 60_000 },
      { fault: fault('never', log), fromMs: 60_000, toMs: 60_001 },
    ];
    const told = await runFaults(planned, { seed: 1, signal: ended.signal });
    expect(log).toEqual(['begin a', 'end a', 'end last']);
    expect(told.map((line) => line.replace(/^\d+ ms: /, ''))).toEqual(['a', 'end of a', 'last', 'end of last']);
  });
});

describe('a process', () => {
  it('that is paused does nothing until it is resumed, and can be killed while paused', async () => {
    const server = new Child('echo', { listen: '127.0.0.1' });
    const client = new Child('echo', { connect: '127.0.0.1', port: Number(await server.line()) });
    onTestFinished(() => client.kill());
    expect(await client.line()).toBe('connected');
    await server.pause();
    client.say('anyone there?');
    let answered = false;
    const answer = client.line().finally(() => (answered = true));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(answered).toBe(false);
    await server.resume();
    expect(await answer).toBe('anyone there?');
    await server.pause();
    await server.kill();
    expect(await server.exited).toMatchObject({ signal: 'SIGKILL' });
  });
});
