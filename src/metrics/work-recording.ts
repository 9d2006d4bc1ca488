/** All that one worker records beside its counters. */
import { nowUs } from '../clock.js';
import { Recording, type RecordingsMemory } from '../memory/recordings.js';
import type { DutyWatch } from '../replica/duty-cycle.js';
import { FrameLatency } from './frame-latency.js';
import { loopIdleUs, SHARED_FROM_OWN_US } from './recording-clock.js';
import { StateClock } from './state-clock.js';
import { WorkRecorder, type SlowReport } from './work-recorder.js';

export class WorkRecording implements DutyWatch {
  readonly frames: FrameLatency;
  readonly work: WorkRecorder;
  readonly states: StateClock;

  constructor(memory: RecordingsMemory, group: number, slow: SlowReport) {
    const recording = new Recording(memory, group);
    this.frames = new FrameLatency(recording, nowUs);
    this.work = new WorkRecorder(recording, nowUs, slow);
    const clocks = { nowUs: nowUs(), loopIdleUs, sharedFromOwnUs: SHARED_FROM_OWN_US };
    this.states = new StateClock(recording, clocks);
  }

  turn(atUs: number): void {
    this.states.turn(atUs);
    this.frames.turn(atUs);
    this.work.samples.turn(atUs);
  }

  polled(fromUs: number, untilUs: number, worked: boolean): void {
    this.states.polled(fromUs, untilUs, worked);
    this.work.polled(fromUs, untilUs);
  }

  parked(atUs: number): void {
    this.states.parked(atUs);
  }
}
