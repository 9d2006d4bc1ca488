/** From configuration to a partition map. */
import { invalidConfig, type PartitioningConfig, type StreamConfig } from '../config/config.js';
import { STREAMS_MAX } from '../transport/frames.js';
import { PartitionMap, type ClassPlacement } from './partition-map.js';
import { SLOTS } from './slots.js';

export interface PartitionMapOptions {
  readonly streams: number | readonly StreamConfig[];
  readonly partitioning?: PartitioningConfig | undefined;
}

/** Slot s belongs to stream s % K + 1 where nothing else is said. Throws INVALID_CONFIG. */
export function createPartitionMap({ streams, partitioning = {} }: PartitionMapOptions): PartitionMap {
  const names = streamNames(streams);
  return PartitionMap.fromJson({
    names,
    slots: placeSlots(names, partitioning.slots ?? {}),
    classes: placeClasses(names, partitioning.classes ?? {}),
  });
}

function streamNames(streams: number | readonly StreamConfig[]): string[] {
  const count = typeof streams === 'number' ? streams : streams.length;
  if (!Number.isInteger(count) || count < 1 || count > STREAMS_MAX)
    throw invalidConfig(null, ['streams'], `found ${count}; it accepts 1 to ${STREAMS_MAX} streams`);
  const names = Array.from({ length: count }, (_, at) =>
    typeof streams === 'number' ? String(at + 1) : (streams[at]?.name ?? String(at + 1)),
  );
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw invalidConfig(null, ['streams'], `two streams are called '${twice}'; names differ`);
  return names;
}

function placeSlots(names: readonly string[], ranges: NonNullable<PartitioningConfig['slots']>): number[] {
  const slots = Array.from({ length: SLOTS }, (_, slot) => (slot % names.length) + 1);
  const placedBy = new Map<number, string>();
  for (const [range, reference] of Object.entries(ranges)) {
    const path = ['partitioning', 'slots', range];
    const [first = 0, last = first] = range.split('-').map(Number);
    if (first > last || last >= SLOTS)
      throw invalidConfig(null, path, `found the range ${range}; it accepts slots from 0 to ${SLOTS - 1}, low to high`);
    const stream = streamOf(names, reference, path);
    for (let slot = first; slot <= last; slot++) {
      const other = placedBy.get(slot);
      if (other !== undefined) throw invalidConfig(null, path, `slot ${slot} is in '${other}' too; name it once`);
      placedBy.set(slot, range);
      slots[slot] = stream;
    }
  }
  return slots;
}

function placeClasses(names: readonly string[], classes: NonNullable<PartitioningConfig['classes']>): ClassPlacement[] {
  return Object.entries(classes).map(([prefix, placed]) => {
    if (placed.place === 'everywhere') return { prefix, stream: 0 };
    if (placed.place === 'hash') return { prefix, stream: -1 };
    return { prefix, stream: streamOf(names, placed.stream, ['partitioning', 'classes', prefix, 'stream']) };
  });
}

function streamOf(names: readonly string[], reference: number | string, path: readonly string[]): number {
  const stream = typeof reference === 'number' ? reference : names.indexOf(reference) + 1;
  if (stream >= 1 && stream <= names.length) return stream;
  throw invalidConfig(
    null,
    path,
    `found ${JSON.stringify(reference)}; it accepts a stream's number, 1 to ${names.length}, or name: ${names.join(', ')}`,
  );
}
