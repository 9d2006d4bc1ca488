import { afterEach, describe, expect, it, vi } from 'vitest';
import { Doorbell } from '../../src/memory/doorbell.js';
import { DutyCycle, type PollOutcome } from '../../src/replica/duty-cycle.js';

const time = vi.hoisted(() => ({ us: 0 }));
vi.mock('../../src/clock.js', () => ({ nowUs: () => time.us }));

const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a thread that waits for work', () => {
  const poll = vi.fn<() => PollOutcome>(() => 'park');
  const failed = vi.fn();
  let cycle: DutyCycle;

  async function parked(): Promise<void> {
    poll.mockClear();
    const bell = new Doorbell(new Int32Array(new SharedArrayBuffer(64)), 0);
    cycle = new DutyCycle({ bell, poll, spinUs: 0, failed });
    cycle.wake();
    await turnOfTheLoop();
    expect(poll).toHaveBeenCalled();
    poll.mockClear();
  }

  afterEach(() => cycle.end());

  it('does at once what comes after a while', async () => {
    await parked();
    time.us += 1_000;
    cycle.wake();
    await Promise.resolve();
    expect(poll).toHaveBeenCalled();
  });

  it('lets the event loop bring the rest of what comes at once', async () => {
    await parked();
    time.us += 1_000;
    cycle.wake();
    await Promise.resolve();
    poll.mockClear();
    cycle.wake();
    await Promise.resolve();
    expect(poll).not.toHaveBeenCalled();
    await turnOfTheLoop();
    expect(poll).toHaveBeenCalled();
  });

  it('tells once what went wrong, however it was woken', async () => {
    await parked();
    const broken = new Error('broken');
    poll.mockImplementationOnce(() => {
      throw broken;
    });
    time.us += 1_000;
    cycle.wake();
    cycle.wake();
    await turnOfTheLoop();
    cycle.wake();
    await turnOfTheLoop();
    expect(failed.mock.calls).toEqual([[broken]]);
  });
});
