import { invariant } from '../errors.js';
import type { Segment } from './segment.js';

/** The segments of a log, oldest first, at least one: the newest takes appends. */
export class SegmentList {
  readonly #segments: Segment[];

  constructor(segments: readonly Segment[]) {
    invariant(segments.length > 0, 'a log has a segment');
    this.#segments = [...segments];
  }

  get oldest(): Segment {
    return this.#at(0);
  }

  get newest(): Segment {
    return this.#at(this.#segments.length - 1);
  }

  /** Bytes of all records. */
  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.recordsBytes, 0);
  }

  /** The segment that holds record `index`. */
  holding(index: number): Segment {
    const segment = this.#segments.findLast((each) => each.firstIndex <= index);
    invariant(segment !== undefined && index <= segment.lastIndex, `record ${index} is held`);
    return segment;
  }

  /** A newest segment that is still empty gives way: the new one has the same first index, hence the same name. */
  add(segment: Segment): void {
    invariant(segment.firstIndex === this.newest.lastIndex + 1, 'segments follow each other');
    if (segment.firstIndex === this.newest.firstIndex) this.#segments.pop()?.file?.close();
    this.#segments.push(segment);
  }

  /** Takes out the segments that hold nothing from `index` on, oldest first; those followed by a file on disk. */
  takeBelow(index: number): Segment[] {
    const keep = this.#segments.findLastIndex((each) => each.firstIndex <= index && each.file !== null);
    return this.#segments.splice(0, Math.max(keep, 0));
  }

  /** Takes out the newest segment if it holds nothing up to `index`, unless it is the only one. */
  takeAbove(index: number): Segment | null {
    if (this.#segments.length === 1 || this.newest.firstIndex <= index) return null;
    return this.#segments.pop() ?? null;
  }

  /** Begins anew with this segment; returns those that were there, oldest first. */
  replaceWith(segment: Segment): Segment[] {
    return this.#segments.splice(0, Infinity, segment);
  }

  closeFiles(): void {
    for (const segment of this.#segments) segment.file?.close();
  }

  #at(position: number): Segment {
    const segment = this.#segments[position];
    invariant(segment !== undefined, 'a log has a segment');
    return segment;
  }
}
