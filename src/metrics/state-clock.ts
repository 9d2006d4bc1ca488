/**
 * Divides a worker's time among its states, so that they add up to all of it. Told of each poll by the duty cycle, and
 * by the node what it waits for. Polls that did something, and whatever else the event loop had to do (sockets, files),
 * are busy; all other time is that of what the worker was waiting for.
 */
import { add, Now, WorkState, type Recording } from '../memory/recordings.js';
import type { DutyWatch } from '../replica/duty-cycle.js';

export interface StateClocks {
  /** This thread's, us. */
  readonly nowUs: number;
  /** See recording-clock.ts. */
  readonly loopIdleUs: () => number;
  readonly sharedFromOwnUs: number;
}

export class StateClock implements DutyWatch {
  readonly #recording: Pick<Recording, 'states' | 'now' | 'awaited'>;
  readonly #loopIdleUs: () => number;
  readonly #sharedFromOwnUs: number;
  /** What it waits for when it has nothing to do. */
  #waiting: WorkState = WorkState.idle;
  #stream = 0;
  /** Since it last looked, the worker has been in this state. */
  #state: WorkState = WorkState.idle;
  #untilUs: number;
  #idleUs: number;
  /** Of the rendezvous that goes on: nobody knows yet who comes last. */
  #unassignedUs = 0;
  /** 0: none is over. */
  #met = 0;

  constructor(recording: Pick<Recording, 'states' | 'now' | 'awaited'>, clocks: StateClocks) {
    this.#recording = recording;
    this.#loopIdleUs = clocks.loopIdleUs;
    this.#sharedFromOwnUs = clocks.sharedFromOwnUs;
    this.#untilUs = clocks.nowUs;
    this.#idleUs = clocks.loopIdleUs();
    this.#publish();
    recording.now[Now.sinceUs] = this.#untilUs + this.#sharedFromOwnUs;
  }

  /** The stream waits for this from now on; `stream`: at a rendezvous, the one that has not come. */
  waits(state: WorkState, stream: number): void {
    const { now } = this.#recording;
    if (state !== this.#waiting) now[Now.sinceUs] = this.#untilUs + this.#sharedFromOwnUs;
    this.#waiting = state;
    this.#stream = stream;
  }

  /** In this poll: a rendezvous is over to which `stream` came last. */
  met(stream: number): void {
    this.#met = stream;
  }

  turn(atUs: number): void {
    const idleUs = this.#loopIdleUs();
    const gapUs = Math.max(0, atUs - this.#untilUs);
    const waitedUs = Math.min(gapUs, Math.max(0, idleUs - this.#idleUs));
    this.#add(this.#state, waitedUs);
    this.#add(WorkState.busy, gapUs - waitedUs);
    this.#idleUs = idleUs;
    this.#untilUs = atUs;
    this.#recording.now[Now.parked] = 0;
    this.#publish();
  }

  polled(fromUs: number, untilUs: number, worked: boolean): void {
    this.#add(this.#state, Math.max(0, fromUs - this.#untilUs));
    if (this.#met !== 0) this.#assign();
    this.#state = worked ? WorkState.busy : this.#waiting;
    this.#add(this.#state, untilUs - Math.max(fromUs, this.#untilUs));
    this.#untilUs = untilUs;
    this.#publish();
  }

  parked(atUs: number): void {
    this.polled(atUs, atUs, false);
    this.#recording.now[Now.parked] = 1;
  }

  #add(state: WorkState, us: number): void {
    add(this.#recording.states, state, us);
    if (state === WorkState.rendezvous) this.#unassignedUs += us;
  }

  #assign(): void {
    add(this.#recording.awaited, this.#met, this.#unassignedUs);
    this.#unassignedUs = 0;
    this.#met = 0;
  }

  #publish(): void {
    const { now } = this.#recording;
    now[Now.state] = this.#state;
    now[Now.stream] = this.#stream;
    now[Now.untilUs] = this.#untilUs + this.#sharedFromOwnUs;
  }
}
