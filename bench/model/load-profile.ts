import { streamsOf } from '../../src/execution/stream-set.js';
import { decodeCommandsFrame, SEGMENT_READ_ONLY } from '../../src/transport/frames.js';
import type { LogEntry, OrderedLogs } from '../logs/ordered-logs.js';

/** What a stream does for each command of the workload, on average: what costs time, whatever it costs. */
export interface StreamLoad {
  /** Commands that it executes: its own, and those of several streams of which it is one. */
  readonly executions: number;
  /** Those of several streams among them. */
  readonly crossExecutions: number;
  /** Meetings with other streams; one serves a run of commands with the same destinations. */
  readonly meetings: number;
  /** Entries of its own log. */
  readonly entries: number;
}

/** How evenly a workload lies on some streams. */
export interface LoadProfile {
  readonly streams: number;
  /** The stream that executes most: the others wait for it. */
  readonly busiest: StreamLoad;
  readonly mean: StreamLoad;
}

/** Counts what is in the logs. */
export function profileOf({ groups, commands }: OrderedLogs): LoadProfile {
  const streams = groups.length - 1;
  const counts = Array.from({ length: streams }, () => new Counts());
  groups.slice(1).forEach((log, at) => counts[at]?.addOwn(log));
  for (const { frames } of groups[0] ?? []) {
    for (const { low, high, flags, count } of frames.flatMap((frame) => decodeCommandsFrame(frame).segments)) {
      const destinations = streamsOf({ low, high });
      // Of a run that only reads, one executes and the others send it their values.
      const executing = (flags & SEGMENT_READ_ONLY) === 0 ? destinations : destinations.slice(0, 1);
      for (const stream of destinations) counts[stream - 1]?.addMeeting(executing.includes(stream) ? count : 0);
    }
  }
  const loads = counts.map((each) => each.per(commands));
  const busiest = loads.reduce((most, load) => (load.executions > most.executions ? load : most));
  const mean = counts.reduce((sum, each) => sum.add(each), new Counts()).per(commands * streams);
  return { streams, busiest, mean };
}

class Counts {
  #executions = 0;
  #crossExecutions = 0;
  #meetings = 0;
  #entries = 0;

  addOwn(log: readonly LogEntry[]): void {
    this.#entries += log.length;
    for (const { commands } of log) this.#executions += commands;
  }

  addMeeting(executions: number): void {
    this.#meetings++;
    this.#executions += executions;
    this.#crossExecutions += executions;
  }

  add(other: Counts): this {
    this.#executions += other.#executions;
    this.#crossExecutions += other.#crossExecutions;
    this.#meetings += other.#meetings;
    this.#entries += other.#entries;
    return this;
  }

  per(commands: number): StreamLoad {
    return {
      executions: this.#executions / commands,
      crossExecutions: this.#crossExecutions / commands,
      meetings: this.#meetings / commands,
      entries: this.#entries / commands,
    };
  }
}
