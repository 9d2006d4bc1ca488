/**
 * The service of examples/kv: entries in directories of DIRECTORY_ENTRIES, which are read one by one and by ranges,
 * written and counted. `cross` is the share of all commands that are replaced by a transaction, which counts in two
 * directories of two streams.
 */
import { below, type Random } from '../random-source.js';
import { choosePair } from '../stream-pair.js';
import type { BenchCommand, Workload, WorkloadOptions } from '../workload.js';
import { scrambledZipf } from '../zipf.js';

const DIRECTORY_ENTRIES = 32;
const RANGE_ENTRIES = 10;
const GET_SHARE = 0.4;
const PUT_SHARE = 0.3;
const RANGE_SHARE = 0.15;
/** Sorts before all entries. */
const COUNTER = '#';

export const kvRangesWorkload: Workload = {
  name: 'kv-ranges',
  service: new URL('../../../examples/kv/service.js', import.meta.url),
  load: putEntries,
  generate: generateKvRanges,
  check: checkRange,
  conserved: null,
};

function directoryOf(key: number): string {
  return `d${Math.floor(key / DIRECTORY_ENTRIES)}`;
}

function nameOf(key: number): string {
  return String(key % DIRECTORY_ENTRIES).padStart(2, '0');
}

function* putEntries({ keys, valueBytes }: WorkloadOptions): Generator<BenchCommand> {
  for (let key = 0; key < keys; key++) yield put(key, key, valueBytes);
}

function put(key: number, stamp: number, valueBytes: number): BenchCommand {
  return ['put', { key: `${directoryOf(key)}/${nameOf(key)}`, value: String(stamp).padStart(valueBytes, '0') }];
}

function* generateKvRanges(options: WorkloadOptions, random: Random): Generator<BenchCommand> {
  const { keys, zipf, cross, placement, valueBytes } = options;
  const choose = scrambledZipf(keys, zipf);
  // psmr's key of a directory has its '/'.
  const chooseDirectory = (source: Random): string => `${directoryOf(choose(source))}/`;
  for (let stamp = keys; ; stamp++) {
    if (random() < cross) {
      const pair = choosePair(chooseDirectory, true, placement, random);
      yield ['transact', { then: pair.map((directory) => ({ op: 'increment', key: directory + COUNTER, by: 1 })) }];
      continue;
    }
    const key = choose(random);
    const directory = directoryOf(key);
    const kind = random();
    if (kind < GET_SHARE) yield ['get', { key: `${directory}/${nameOf(key)}` }];
    else if (kind < GET_SHARE + PUT_SHARE) yield put(key, stamp, valueBytes);
    else if (kind < GET_SHARE + PUT_SHARE + RANGE_SHARE)
      yield ['range', { directory, from: nameOf(below(DIRECTORY_ENTRIES, random)), limit: RANGE_ENTRIES }];
    else yield ['increment', { key: `${directory}/${COUNTER}`, by: 1 }];
  }
}

/** A range is in order and no longer than was asked for. */
function checkRange([name, args]: BenchCommand, value: unknown): string | null {
  if (name !== 'range') return null;
  const names = namesOf(value);
  if (names === null) return `a range is '${JSON.stringify(value)}'`;
  const inOrder = names.every((each, at) => at === 0 || (names[at - 1] ?? '') < each);
  return inOrder && names.length <= RANGE_ENTRIES ? null : `range ${JSON.stringify(args)} is ${names.join(', ')}`;
}

function namesOf(value: unknown): string[] | null {
  if (typeof value !== 'object' || value === null || !('entries' in value) || !Array.isArray(value.entries))
    return null;
  return value.entries.map((entry: unknown) =>
    typeof entry === 'object' && entry !== null && 'name' in entry ? String(entry.name) : '',
  );
}
