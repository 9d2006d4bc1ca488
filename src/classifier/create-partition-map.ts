/** From configuration to a partition map. */
import { invalidConfig } from '../config/config-error.js';
import type { PartitioningConfig, StreamConfig } from '../config/config-schema.js';
import type { PsmrError } from '../errors.js';
import { STREAMS_MAX } from '../transport/frames.js';
import { PartitionMap, type ClassPlacement } from './partition-map.js';
import { SLOTS } from './slots.js';

export interface PartitionMapOptions {
  readonly streams: number | readonly StreamConfig[];
  readonly partitioning?: PartitioningConfig | undefined;
}

type Refuse = (path: readonly string[], what: string) => PsmrError;

/** Slot s belongs to stream s % K + 1 where nothing else is said. Throws INVALID_CONFIG, naming `file` if there is one. */
export function createPartitionMap(options: PartitionMapOptions, file: string | null = null): PartitionMap {
  const { streams, partitioning = {} } = options;
  const refuse: Refuse = (path, what) => invalidConfig(file, path, what);
  const names = streamNames(streams, refuse);
  return PartitionMap.fromJson({
    names,
    slots: placeSlots(names, partitioning.slots ?? {}, refuse),
    classes: placeClasses(names, partitioning.classes ?? {}, refuse),
  });
}

function streamNames(streams: number | readonly StreamConfig[], refuse: Refuse): string[] {
  const count = typeof streams === 'number' ? streams : streams.length;
  if (!Number.isInteger(count) || count < 1 || count > STREAMS_MAX)
    throw refuse(['streams'], `found ${count}; it accepts 1 to ${STREAMS_MAX} streams`);
  const names = Array.from({ length: count }, (_, at) =>
    typeof streams === 'number' ? String(at + 1) : (streams[at]?.name ?? String(at + 1)),
  );
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw refuse(['streams'], `two streams are called '${twice}'; it accepts names that differ`);
  return names;
}

type Slots = NonNullable<PartitioningConfig['slots']>;
type Classes = NonNullable<PartitioningConfig['classes']>;

function placeSlots(names: readonly string[], ranges: Slots, refuse: Refuse): number[] {
  const slots = Array.from({ length: SLOTS }, (_, slot) => (slot % names.length) + 1);
  const placedBy = new Map<number, string>();
  for (const [range, reference] of Object.entries(ranges)) {
    const path = ['partitioning', 'slots', range];
    const [first = 0, last = first] = range.split('-').map(Number);
    if (first > last || last >= SLOTS)
      throw refuse(path, `found the range ${range}; it accepts slots from 0 to ${SLOTS - 1}, low to high`);
    const stream = streamOf(names, reference, path, refuse);
    for (let slot = first; slot <= last; slot++) {
      const other = placedBy.get(slot);
      if (other !== undefined)
        throw refuse(path, `slot ${slot} is in '${other}' too; it accepts slots not named elsewhere`);
      placedBy.set(slot, range);
      slots[slot] = stream;
    }
  }
  return slots;
}

function placeClasses(names: readonly string[], classes: Classes, refuse: Refuse): ClassPlacement[] {
  return Object.entries(classes).map(([prefix, placed]) => {
    if (placed.place === 'everywhere') return { prefix, stream: 0 };
    if (placed.place === 'hash') return { prefix, stream: -1 };
    return { prefix, stream: streamOf(names, placed.stream, ['partitioning', 'classes', prefix, 'stream'], refuse) };
  });
}

function streamOf(
  names: readonly string[],
  reference: number | string,
  path: readonly string[],
  refuse: Refuse,
): number {
  const stream = typeof reference === 'number' ? reference : names.indexOf(reference) + 1;
  if (stream >= 1 && stream <= names.length) return stream;
  throw refuse(
    path,
    `found ${JSON.stringify(reference)}; it accepts a stream's number, 1 to ${names.length}, or name: ${names.join(', ')}`,
  );
}
