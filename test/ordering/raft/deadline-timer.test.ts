import { expect, it } from 'vitest';
import { DeadlineTimer } from '../../../src/ordering/raft/deadline-timer.js';

/** A clock that may be wrong; timers go by true time. */
class WrongClock {
  offsetMs = 0;
  trueMs = 0;
  started = 0;
  #timers: { at: number; act: () => void }[] = [];

  readonly now = (): number => this.trueMs + this.offsetMs;

  readonly after = (ms: number, act: () => void): (() => void) => {
    this.started++;
    const timer = { at: this.trueMs + ms, act };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  };

  readonly soon = queueMicrotask;

  pass(ms: number): void {
    for (const end = this.trueMs + ms; this.trueMs < end;) {
      this.trueMs++;
      const due = this.#timers.filter(({ at }) => at <= this.trueMs);
      this.#timers = this.#timers.filter(({ at }) => at > this.trueMs);
      for (const { act } of due) act();
    }
  }
}

function timerOf(clock: WrongClock): { timer: DeadlineTimer; came: number[] } {
  const came: number[] = [];
  return { timer: new DeadlineTimer(clock, () => came.push(clock.trueMs)), came };
}

it('comes at its deadline, once', () => {
  const clock = new WrongClock();
  const { timer, came } = timerOf(clock);
  timer.set(10);
  clock.pass(30);
  expect(came).toEqual([10]);
});

it('comes later where the deadline was put off, earlier where it was brought forward', () => {
  const clock = new WrongClock();
  const { timer, came } = timerOf(clock);
  timer.set(10);
  clock.pass(5);
  timer.set(20);
  clock.pass(10);
  expect(came).toEqual([]);
  timer.set(17);
  clock.pass(30);
  expect(came).toEqual([17]);
});

it('is set anew once, however often it is put off', () => {
  const clock = new WrongClock();
  const { timer, came } = timerOf(clock);
  timer.set(10);
  for (let i = 0; i < 9; i++) {
    clock.pass(1);
    timer.set(clock.now() + 10);
  }
  clock.pass(30);
  expect(came).toEqual([19]);
  expect(clock.started).toBe(2);
});

it('comes no later because its clock went back', () => {
  const clock = new WrongClock();
  const { timer, came } = timerOf(clock);
  timer.set(10);
  clock.offsetMs = -5000;
  clock.pass(9);
  timer.set(12);
  clock.pass(30);
  expect(came).toEqual([12]);
});

it('does not come once it was stopped, or has no deadline any more', () => {
  const clock = new WrongClock();
  const { timer, came } = timerOf(clock);
  timer.set(10);
  timer.set(Infinity);
  clock.pass(20);
  timer.set(25);
  timer.stop();
  clock.pass(30);
  expect(came).toEqual([]);
});
