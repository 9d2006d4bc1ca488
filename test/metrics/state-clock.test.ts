import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRecordings, Now, Recording, WorkState } from '../../src/memory/recordings.js';
import { RecordingReader } from '../../src/metrics/read-recordings.js';
import { StateClock } from '../../src/metrics/state-clock.js';

/** A worker whose time is told to it; the same clock in all threads. */
class Worker {
  readonly memory = createRecordings(4, 0);
  readonly recording = new Recording(this.memory, 1);
  nowUs = 0;
  loopIdleUs = 0;
  readonly clock = new StateClock(this.recording, {
    nowUs: 0,
    loopIdleUs: () => this.loopIdleUs,
    sharedFromOwnUs: 0,
  });
  readonly reader = new RecordingReader(this.memory, [], () => this.nowUs);

  get states(): Record<string, number> {
    const [busy = 0, merge = 0, rendezvous = 0, idle = 0] = this.recording.states;
    return { busy, merge, rendezvous, idle };
  }

  poll(us: number, worked: boolean): void {
    const from = this.nowUs;
    this.nowUs += us;
    this.clock.polled(from, this.nowUs, worked);
  }

  /** Parks, sleeps, and is busy with sockets before it turns to its work again. */
  park(idleUs: number, socketsUs = 0): void {
    this.clock.parked(this.nowUs);
    this.nowUs += idleUs + socketsUs;
    this.loopIdleUs += idleUs;
    this.clock.turn(this.nowUs);
  }
}

describe("a worker's time", () => {
  it('is busy where a poll did something, and else what it waits for', () => {
    const worker = new Worker();
    worker.poll(100, true);
    worker.poll(1, false);
    worker.park(500);
    worker.clock.waits(WorkState.merge, 0);
    worker.poll(2, false);
    worker.park(300);
    worker.poll(50, true);
    expect(worker.states).toEqual({ busy: 150, merge: 302, rendezvous: 0, idle: 501 });
  });

  it('is busy with sockets and files too, which the event loop serves', () => {
    const worker = new Worker();
    worker.park(400, 70);
    expect(worker.states).toEqual({ busy: 70, merge: 0, rendezvous: 0, idle: 400 });
  });

  it('at a rendezvous is of the stream that came last, all of it', () => {
    const worker = new Worker();
    worker.clock.waits(WorkState.rendezvous, 2);
    worker.poll(1, false);
    worker.park(100);
    worker.clock.waits(WorkState.rendezvous, 3);
    worker.poll(1, false);
    worker.park(40);
    expect([...worker.recording.awaited]).toEqual([0, 0, 0, 0]); // somebody else may come later still
    worker.clock.met(3);
    worker.clock.waits(WorkState.idle, 0);
    worker.poll(5, true);
    expect([...worker.recording.awaited]).toEqual([0, 0, 0, 142]);
    worker.clock.waits(WorkState.rendezvous, 2);
    worker.poll(1, false);
    worker.park(10);
    worker.clock.met(2);
    worker.poll(1, true);
    expect([...worker.recording.awaited]).toEqual([0, 0, 11, 142]);
    expect(worker.states['rendezvous']).toBe(153);
  });

  it('adds up to all of it, whatever happens', () => {
    const us = fc.integer({ min: 0, max: 1000 });
    const step = fc.oneof(
      fc.record({ type: fc.constant('poll' as const), us, worked: fc.boolean() }),
      fc.record({ type: fc.constant('park' as const), us, sockets: us }),
      fc.record({ type: fc.constant('spin' as const), us }),
      fc.record({
        type: fc.constant('waits' as const),
        state: fc.constantFrom(WorkState.merge, WorkState.rendezvous, WorkState.idle),
        stream: fc.integer({ min: 0, max: 3 }),
      }),
      fc.record({ type: fc.constant('met' as const), stream: fc.integer({ min: 1, max: 3 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const worker = new Worker();
        for (const each of steps) {
          if (each.type === 'poll') worker.poll(each.us, each.worked);
          if (each.type === 'park') worker.park(each.us, each.sockets);
          if (each.type === 'spin') worker.nowUs += each.us;
          if (each.type === 'waits') worker.clock.waits(each.state, each.stream);
          if (each.type === 'met') worker.clock.met(each.stream);
        }
        worker.poll(0, false);
        const { busy = 0, merge = 0, rendezvous = 0, idle = 0 } = worker.states;
        expect(busy + merge + rendezvous + idle).toBeCloseTo(worker.nowUs, 6);
        expect(worker.recording.awaited.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(rendezvous + 1e-6);
      }),
    );
  });
});

describe('a reader', () => {
  it('sees the time of a worker that sleeps go on, in the state in which it sleeps', () => {
    const worker = new Worker();
    worker.clock.waits(WorkState.merge, 0);
    worker.clock.parked(worker.nowUs);
    worker.nowUs += 2_000_000;
    const { statesUs, now } = worker.reader.read().groups[1] ?? expect.unreachable('there is a stream 1');
    expect(statesUs).toEqual({ busy: 0, merge: 2_000_000, rendezvous: 0, idle: 0 });
    expect(now).toEqual({ state: 'merge', stream: 0, sinceMs: 2000 });
  });

  it('sees one that has not come back from a command at work', () => {
    const worker = new Worker();
    worker.park(10);
    worker.nowUs += 3_000_000;
    expect(worker.reader.read().groups[1]).toMatchObject({ statesUs: { busy: 3_000_000 }, now: { state: 'busy' } });
    worker.poll(0, true);
    expect(worker.recording.now[Now.parked]).toBe(0);
  });

  it('never sees time go back', () => {
    const worker = new Worker();
    worker.park(10);
    worker.nowUs += 8000;
    const before = worker.reader.read().groups[1]?.statesUs.busy;
    worker.clock.polled(worker.nowUs, worker.nowUs, false); // it was idle after all
    expect(worker.reader.read().groups[1]?.statesUs.busy).toBeGreaterThanOrEqual(before ?? Infinity);
  });
});
