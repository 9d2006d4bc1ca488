/** All that one worker records beside its counters. */
import { Recording, Waiting, type RecordingsMemory } from '../memory/recordings.js';
import type { StepOutcome } from '../execution/stream-executor.js';
import { FrameLatency } from './frame-latency.js';
import { recordingUs, sharedMs } from './recording-clock.js';
import { WorkRecorder } from './work-recorder.js';

export class WorkRecording {
  readonly frames: FrameLatency;
  readonly work: WorkRecorder;
  readonly #recording: Recording;

  constructor(memory: RecordingsMemory, group: number) {
    this.#recording = new Recording(memory, group);
    this.frames = new FrameLatency(this.#recording, recordingUs);
    this.work = new WorkRecorder(this.#recording, recordingUs);
  }

  /** The worker has done what there was. */
  turn(nowUs: number): void {
    this.frames.turn(nowUs);
    this.work.turn(nowUs);
  }

  /** What the stream waits for from now on; `stream`: at a rendezvous, this one. */
  waits(outcome: StepOutcome, stream: number): void {
    const { waiting } = this.#recording;
    const before = waiting[0];
    if (outcome === 'awaiting-merge') waiting[0] = Waiting.merge;
    else waiting[0] = outcome === 'awaiting-rendezvous' ? Waiting.rendezvous : Waiting.nothing;
    waiting[1] = stream;
    // Who changes only for whom it waits has waited before.
    if (before !== waiting[0] || waiting[0] === Waiting.nothing) waiting[2] = sharedMs();
  }

  /** It has waited so long at a rendezvous to which `stream` came last. */
  waitedFor(stream: number, us: number): void {
    const { awaited } = this.#recording;
    awaited[stream] = (awaited[stream] ?? 0) + us;
  }
}
