/** What a COMMANDS frame must satisfy beyond its layout before a group looks at it. */
import {
  badFrame,
  type CommandsFrame,
  commandCount,
  FLAG_READ_ONLY,
  SEGMENT_EVERY_KEY,
  SEGMENT_READ_ONLY,
} from './frames.js';
import type { Segment, StreamMask } from './frames.js';

/** The group that a frame was sent to and the partition map in force there. */
export interface GroupShape {
  readonly group: number;
  readonly streams: number;
  readonly epoch: number;
}

/** The mask of one stream, 1..64. */
export function maskOfStream(stream: number): StreamMask {
  const bit = (1 << ((stream - 1) % 32)) >>> 0;
  return stream <= 32 ? { low: bit, high: 0 } : { low: 0, high: bit };
}

/** The mask of the streams 1 to `streams`. */
export function maskOfAll(streams: number): StreamMask {
  const ones = (count: number): number => (count <= 0 ? 0 : count >= 32 ? 0xffff_ffff : 2 ** count - 1);
  return { low: ones(streams), high: ones(streams - 32) };
}

/** Throws BAD_FRAME where sequences, flags or destinations cannot be those of an honest client. */
export function checkCommands(frame: CommandsFrame, shape: GroupShape): void {
  const { firstSequence } = frame;
  if (firstSequence < 1 || firstSequence > Number.MAX_SAFE_INTEGER - commandCount(frame))
    throw badFrame('its sequences are not from 1 up');
  const readOnly = (frame.flags & FLAG_READ_ONLY) !== 0;
  if (!readOnly && frame.acknowledged >= frame.firstSequence) throw badFrame('it acknowledges its own results');
  for (const segment of frame.segments) {
    // Each takes its place among the indexes. Without this a few bytes could ask for millions of errors as answers.
    if (segment.count > segment.body.byteLength) throw badFrame('a segment says that it has more commands than bytes');
    if (readOnly && (segment.flags & SEGMENT_READ_ONLY) === 0)
      throw badFrame('a read-only frame has a writing segment');
    // Under another epoch the streams are other ones: such a frame is not malformed, it is late.
    if (frame.epoch === shape.epoch) checkDestinations(segment, shape);
  }
}

function checkDestinations(segment: Segment, { group, streams }: GroupShape): void {
  const all = maskOfAll(streams);
  if ((segment.low & ~all.low) !== 0 || (segment.high & ~all.high) !== 0)
    throw badFrame(`a segment names a stream above ${streams}`);
  if (group > 0 && !sameMask(segment, maskOfStream(group)))
    throw badFrame(`a segment for group ${group} must name stream ${group} and no other`);
  if ((segment.flags & SEGMENT_EVERY_KEY) !== 0 && !sameMask(segment, all))
    throw badFrame('an every-key segment does not name all streams');
}

function sameMask(a: StreamMask, b: StreamMask): boolean {
  return a.low === b.low && a.high === b.high;
}
