/** What the two kinds of run (keyed-run.ts, every-key-run.ts) have in common. */
import type { PartitionMap } from '../classifier/partition-map.js';
import { invariant } from '../errors.js';
import type { SyncRun } from '../ordering/sync-run.js';
import { SEGMENT_READ_ONLY } from '../transport/frames.js';
import { decodeValue, encodeValue } from './command-batch.js';
import type { CommandRunner, Place, StreamValues } from './command-runner.js';
import type { CommandTable } from './command-table.js';
import type { ExecutionRecorder } from './execution-recorder.js';
import { ResultBatch } from './result-batch.js';
import { ResultAllowance } from './result-allowance.js';
import { planRun, type PlannedCommand } from './run-plan.js';
import type { StreamPorts } from './stream-ports.js';
import { streamsOf } from './stream-set.js';

/** What every run at one stream shares. */
export interface RunEnvironment {
  readonly stream: number;
  readonly map: PartitionMap;
  readonly table: CommandTable;
  readonly runner: CommandRunner;
  readonly values: StreamValues;
  readonly ports: StreamPorts;
  readonly recorder: ExecutionRecorder | null;
  /** About how much a stream publishes at once: what a run needs beyond that is exchanged in further rounds. */
  readonly exchangeBytes: number;
}

/** A run in progress. `advance` does what can be done and says whether the run is over. */
export interface RunInProgress {
  advance(): boolean;
  /** The results of each part; filled once the run is over, at its coordinator only. */
  readonly results: readonly ResultBatch[];
  readonly commands: number;
  /** The stream that it waits for, or waited for last; 0: none yet. */
  readonly awaited: number;
}

export abstract class Run implements RunInProgress {
  readonly results: ResultBatch[];
  readonly commands: number;
  awaited = 0;
  protected readonly peers: readonly number[];
  protected readonly coordinator: number;
  protected readonly coordinates: boolean;
  protected readonly readOnly: boolean;
  protected readonly place: Place;
  protected readonly planned: readonly PlannedCommand[];

  constructor(
    protected readonly environment: RunEnvironment,
    protected readonly run: SyncRun,
  ) {
    const streams = streamsOf(run);
    this.coordinator = streams[0] as number;
    this.coordinates = this.coordinator === environment.stream;
    this.peers = streams.filter((stream) => stream !== environment.stream);
    this.readOnly = (run.flags & SEGMENT_READ_ONLY) !== 0;
    this.place = { group: 0, index: run.index, timestampMs: run.timestampMs };
    const allowance = new ResultAllowance();
    this.results = run.parts.map(() => new ResultBatch(allowance));
    this.planned = planRun(environment, run, this.readOnly);
    this.commands = this.planned.length;
  }

  abstract advance(): boolean;

  /** To whom it is of use; to the others only that this stream has come here, with what `withCome` says. */
  protected publish(content: unknown, withCome: unknown = []): void {
    const come = encodeValue([this.run.index, withCome]);
    const message = this.readOnly && this.coordinates ? come : encodeValue([this.run.index, content]);
    for (const peer of this.peers) {
      this.environment.ports.send(peer, this.readOnly && peer !== this.coordinator ? come : message);
    }
  }

  /** Whether this stream needs what the others publish: a result of a run that only reads is the coordinator's alone. */
  protected get executes(): boolean {
    return !this.readOnly || this.coordinates;
  }

  /** What another stream published for this run; null: not yet. */
  protected receive(stream: number): unknown[] | null {
    const message = this.environment.ports.receive(stream);
    if (message === null) {
      this.awaited = stream;
      return null;
    }
    const [index, content] = decodeValue(message) as [number, unknown[]];
    invariant(index === this.run.index, `stream ${stream} met for entry ${index}, this one for ${this.run.index}`);
    return content;
  }

  protected conclude(planned: PlannedCommand, execute: () => unknown): void {
    const results = this.results[planned.part] as ResultBatch;
    try {
      if (planned.error !== null) throw planned.error;
      const value = execute();
      if (this.coordinates) results.succeed(value);
    } catch (error) {
      if (this.coordinates) results.fail(error);
    }
  }
}
