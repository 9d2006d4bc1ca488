import { describe, expect, test } from 'vitest';
import type { BatchClient } from '../../bench/clients/batch-client.js';
import { BatchCycle } from '../../bench/clients/batch-cycle.js';
import { fillState } from '../../bench/clients/fill-state.js';
import { runClosedLoop } from '../../bench/clients/closed-loop.js';
import type { LoadClock } from '../../bench/clients/load-clock.js';
import { runOpenLoop } from '../../bench/clients/open-loop.js';
import type { BenchCommand } from '../../bench/workloads/workload.js';
import type { Outcome } from '../../src/client/call.js';
import { PsmrError } from '../../src/errors.js';

/** Time that passes only when everybody waits: the earliest sleeper wakes, and time is then. */
class VirtualClock implements LoadClock {
  #now = 0;
  #sleepers: { at: number; wake: () => void }[] = [];
  #turning = false;

  nowMs(): number {
    return this.#now;
  }

  until(at: number): Promise<void> {
    return new Promise((wake) => {
      this.#sleepers.push({ at, wake });
      this.#turn();
    });
  }

  #turn(): void {
    if (this.#turning) return;
    this.#turning = true;
    setImmediate(() => {
      this.#turning = false;
      this.#sleepers.sort((a, b) => a.at - b.at);
      const next = this.#sleepers.shift();
      if (next === undefined) return;
      this.#now = Math.max(this.#now, next.at);
      next.wake();
      if (this.#sleepers.length > 0) this.#turn();
    });
  }
}

const commands: BenchCommand[] = Array.from({ length: 10 }, (_, i) => ['set', { key: `k${i}` }]);
const noCheck = (): null => null;

/** Answers each batch after `delayOf(nth)` ms, and remembers how many were unanswered at once. */
class SlowClient implements BatchClient {
  flyingMax = 0;
  calls = 0;
  #flying = 0;

  constructor(
    private readonly clock: LoadClock,
    private readonly delayOf: (call: number) => number,
    private readonly outcome: Outcome = { ok: true, value: null },
  ) {}

  async executeBatch(batch: readonly BenchCommand[]): Promise<Outcome[]> {
    this.flyingMax = Math.max(this.flyingMax, ++this.#flying);
    await this.clock.until(this.clock.nowMs() + this.delayOf(this.calls++));
    this.#flying--;
    return batch.map(() => this.outcome);
  }
}

describe('a closed loop', () => {
  test('keeps as many batches in flight as asked for and counts what was answered', async () => {
    const clock = new VirtualClock();
    const clients = [new SlowClient(clock, () => 10), new SlowClient(clock, () => 10)];
    const load = { clients, batches: new BatchCycle(commands, 5), batchesInFlight: 3, check: noCheck };
    const sample = await runClosedLoop(load, 0.1, clock);
    expect(clients.map((client) => client.flyingMax)).toEqual([3, 3]);
    // 6 lanes, 10 ms per batch of 5, 100 ms.
    expect(sample.commands).toBe(6 * 10 * 5);
    expect(sample.seconds).toBeCloseTo(0.1);
    expect(sample.latencies?.summary()).toMatchObject({ p50: expect.closeTo(10_000, -2) as number });
  });

  test('ends with the error of a command that failed', async () => {
    const clock = new VirtualClock();
    const error = new PsmrError('COMMAND_FAILED', 'no');
    const client = new SlowClient(clock, () => 1, { ok: false, error });
    const load = { clients: [client], batches: new BatchCycle(commands, 5), batchesInFlight: 1, check: noCheck };
    await expect(runClosedLoop(load, 1, clock)).rejects.toBe(error);
  });

  test('ends when a result is wrong', async () => {
    const clock = new VirtualClock();
    const client = new SlowClient(clock, () => 1);
    const check = (): string => 'sector 8 holds garbage';
    const load = { clients: [client], batches: new BatchCycle(commands, 5), batchesInFlight: 1, check };
    await expect(runClosedLoop(load, 1, clock)).rejects.toThrow('sector 8 holds garbage');
  });
});

describe('an open loop', () => {
  const batches = (): BatchCycle => new BatchCycle(commands, 5);

  test('sends at its rate, however long the replies take', async () => {
    const clock = new VirtualClock();
    const client = new SlowClient(clock, () => 30);
    const load = {
      clients: [client],
      batches: batches(),
      batch: 5,
      rate: 500,
      batchesInFlightMax: 100,
      check: noCheck,
    };
    const sample = await runOpenLoop(load, 1, clock);
    expect(client.calls).toBe(100);
    expect(sample.commands).toBe(500);
    expect(client.flyingMax).toBeGreaterThanOrEqual(3);
  });

  test('a stall counts for every batch that was due meanwhile (coordinated omission)', async () => {
    const clock = new VirtualClock();
    // One batch at a time: the first takes 500 ms, the 49 due behind it wait for it.
    const client = new SlowClient(clock, (call) => (call === 0 ? 500 : 1));
    const load = { clients: [client], batches: batches(), batch: 5, rate: 500, batchesInFlightMax: 1, check: noCheck };
    const { latencies } = await runOpenLoop(load, 1, clock);
    expect(client.flyingMax).toBe(1);
    // Half of the batches were due during the stall or its aftermath; counted from when they were sent, p50 were 1 ms.
    expect(latencies?.summary().p50).toBeGreaterThan(10_000);
    expect(latencies?.summary().max).toBeGreaterThanOrEqual(499_000);
  });

  test('ends with the error of a command that failed', async () => {
    const clock = new VirtualClock();
    const error = new PsmrError('OVERLOADED', 'too much');
    const client = new SlowClient(clock, () => 1, { ok: false, error });
    const load = { clients: [client], batches: batches(), batch: 5, rate: 500, batchesInFlightMax: 4, check: noCheck };
    await expect(runOpenLoop(load, 0.1, clock)).rejects.toBe(error);
  });
});

describe('a cycle of batches', () => {
  test('begins again at the end, with a shorter last batch', () => {
    const cycle = new BatchCycle(commands, 4);
    expect([cycle.next(), cycle.next(), cycle.next()].map((batch) => batch.length)).toEqual([4, 4, 2]);
    expect(cycle.next()).toEqual(commands.slice(0, 4));
  });
});

describe('filling the state', () => {
  test('sends every command once, in batches', async () => {
    const sent: BenchCommand[] = [];
    const client: BatchClient = {
      executeBatch: async (batch) => {
        sent.push(...batch);
        return batch.map((): Outcome => ({ ok: true, value: null }));
      },
    };
    const commands = Array.from({ length: 1234 }, (_, i): BenchCommand => ['set', i]);
    await fillState(client, commands);
    expect(sent.map(([, i]) => i).toSorted((a, b) => Number(a) - Number(b))).toEqual(commands.map(([, i]) => i));
  });

  test('ends with the first error', async () => {
    const error = new PsmrError('OVERLOADED', 'too much');
    const client: BatchClient = { executeBatch: async (batch) => batch.map((): Outcome => ({ ok: false, error })) };
    await expect(fillState(client, [['set', 1]])).rejects.toBe(error);
  });
});

describe('a cycle of batches', () => {
  const commands = [1, 2, 3, 4, 5].map((i): BenchCommand => ['set', i]);

  test('begins where it is told to, and goes round', () => {
    const cycle = new BatchCycle(commands, 2, 0.5);
    expect([cycle.next(), cycle.next(), cycle.next()].map((batch) => batch.map(([, i]) => i))).toEqual([
      [3, 4],
      [5],
      [1, 2],
    ]);
  });

  test('knows what it has handed out', () => {
    const cycle = new BatchCycle(commands, 2);
    for (let i = 0; i < 4; i++) cycle.next();
    const sum = cycle.sum((batch) => batch.reduce((total, [, i]) => total + Number(i), 0));
    expect(sum).toBe(1 + 2 + 3 + 4 + 5 + 1 + 2);
  });
});
