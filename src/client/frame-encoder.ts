/** From queued commands to a COMMANDS frame. */
import { encodeCommandBatch } from '../execution/command-batch.js';
import {
  encodeCommandsFrame,
  FLAG_READ_ONLY,
  type Segment,
  SEGMENT_EVERY_KEY,
  SEGMENT_READ_ONLY,
  type StreamMask,
} from '../transport/frames.js';
import type { Commands, CommandType } from './command-queue.js';

export interface FrameHeader {
  readonly epoch: number;
  readonly session: Uint8Array;
  readonly firstSequence: number;
  readonly acknowledged: number;
}

/** The commands' segments, and the order in which the commands stand in them (null: as queued). */
export interface SegmentedCommands {
  readonly segments: readonly Segment[];
  readonly order: readonly number[] | null;
  readonly readOnly: boolean;
  readonly bytes: number;
}

/** One segment per destination, in the order of each one's first command. Throws where a value cannot be encoded. */
export function segmentCommands(commands: Commands): SegmentedCommands {
  const { types, args, masks } = commands;
  if (sameDestination(commands)) return summary([encodeSegment(types, args, masks[0])], null);
  const groups = [...groupByDestination(commands).values()];
  const segments = groups.map((places) =>
    encodeSegment(pick(types, places), pick(args, places), masks[places[0] ?? 0]),
  );
  return summary(segments, groups.flat());
}

function summary(segments: readonly Segment[], order: readonly number[] | null): SegmentedCommands {
  let bytes = 0;
  for (const segment of segments) bytes += segment.body.byteLength;
  return { segments, order, bytes, readOnly: segments.every((each) => (each.flags & SEGMENT_READ_ONLY) !== 0) };
}

export function encodeFrame(
  { epoch, session, firstSequence, acknowledged }: FrameHeader,
  { segments, readOnly }: SegmentedCommands,
): Uint8Array {
  const flags = readOnly ? FLAG_READ_ONLY : 0;
  return encodeCommandsFrame({ flags, epoch, session, firstSequence, acknowledged, segments });
}

export function pick<T>(values: readonly T[], places: readonly number[]): T[] {
  return places.flatMap((place) => values.slice(place, place + 1));
}

function sameDestination({ types, masks }: Commands): boolean {
  const mask = masks[0];
  const everyKey = types[0]?.everyKey;
  for (let i = 1; i < masks.length; i++) {
    if (types[i]?.everyKey !== everyKey) return false;
    if (masks[i] !== mask && (masks[i]?.low !== mask?.low || masks[i]?.high !== mask?.high)) return false;
  }
  return true;
}

function groupByDestination({ types, masks }: Commands): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (let i = 0; i < types.length; i++) {
    const key = `${masks[i]?.low} ${masks[i]?.high} ${types[i]?.everyKey}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [i]);
    else group.push(i);
  }
  return groups;
}

function encodeSegment(types: readonly CommandType[], args: readonly unknown[], mask: StreamMask | undefined): Segment {
  const names: string[] = [];
  const places = new Map<CommandType, number>();
  const indexes: number[] = [];
  let readOnly = true;
  // Commands come in runs of one kind; the map is asked once per run.
  let current: CommandType | null = null;
  let place = 0;
  for (const type of types) {
    if (type !== current) {
      current = type;
      place = places.get(type) ?? names.length;
      if (place === names.length) {
        names.push(type.name);
        places.set(type, place);
      }
      readOnly &&= type.readOnly;
    }
    indexes.push(place);
  }
  return {
    low: mask?.low ?? 0,
    high: mask?.high ?? 0,
    flags: (readOnly ? SEGMENT_READ_ONLY : 0) | (types[0]?.everyKey === true ? SEGMENT_EVERY_KEY : 0),
    count: types.length,
    body: encodeCommandBatch(names, indexes, args),
  };
}
