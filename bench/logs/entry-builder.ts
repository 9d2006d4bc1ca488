import { encodeCommandBatch } from '../../src/execution/command-batch.js';
import {
  encodeCommandsFrame,
  type Segment,
  SEGMENT_EVERY_KEY,
  SEGMENT_READ_ONLY,
  SESSION_BYTES,
} from '../../src/transport/frames.js';
import type { BenchCommand } from '../workloads/workload.js';
import type { LogEntry } from './ordered-logs.js';
import type { Route } from './route.js';

/** The commands of one group's open batch, one segment per destination, in order of each one's first command. */
export class EntryBuilder {
  readonly #epoch: number;
  #segments = new Map<string, OpenSegment>();
  #count = 0;

  constructor(epoch: number) {
    this.#epoch = epoch;
  }

  get count(): number {
    return this.#count;
  }

  add(command: BenchCommand, route: Route): void {
    const key = `${route.mask.low} ${route.mask.high} ${route.everyKey}`;
    let segment = this.#segments.get(key);
    if (segment === undefined) this.#segments.set(key, (segment = new OpenSegment(route)));
    segment.add(command, route);
    this.#count++;
  }

  /** The entry with everything added since the last call. */
  take(mergePoint: number): LogEntry {
    const commands = this.#count;
    const segments = [...this.#segments.values()].map((segment) => segment.encode());
    this.#segments = new Map();
    this.#count = 0;
    return { mergePoint, commands, frames: commands === 0 ? [] : [this.#frame(segments)] };
  }

  #frame(segments: readonly Segment[]): Uint8Array {
    // No session: a feed's commands have no client whose duplicates must be found.
    const session = new Uint8Array(SESSION_BYTES);
    return encodeCommandsFrame({ flags: 0, epoch: this.#epoch, session, firstSequence: 0, acknowledged: 0, segments });
  }
}

class OpenSegment {
  readonly #route: Route;
  readonly #places = new Map<string, number>();
  readonly #indexes: number[] = [];
  readonly #args: unknown[] = [];
  #readOnly = true;

  constructor(route: Route) {
    this.#route = route;
  }

  add([name, args]: BenchCommand, { readOnly }: Route): void {
    let place = this.#places.get(name);
    if (place === undefined) this.#places.set(name, (place = this.#places.size));
    this.#indexes.push(place);
    this.#args.push(args);
    this.#readOnly &&= readOnly;
  }

  encode(): Segment {
    const { mask, everyKey } = this.#route;
    return {
      low: mask.low,
      high: mask.high,
      flags: (everyKey ? SEGMENT_EVERY_KEY : 0) | (this.#readOnly ? SEGMENT_READ_ONLY : 0),
      count: this.#indexes.length,
      body: encodeCommandBatch([...this.#places.keys()], this.#indexes, this.#args),
    };
  }
}
