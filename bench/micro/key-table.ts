/**
 * What a partition should stand on: its own table or a Map. Lookups of random keys, as a batch of commands makes them;
 * the two take turns. The table's hashes are made beforehand: the classifier has them anyway.
 *
 *   npx tsc -p tsconfig.build.json && node dist/bench/micro/key-table.js [rounds] [lookups per round]
 */
import { hashOf } from '../../src/classifier/slots.js';
import { KeyTable } from '../../src/execution/key-table.js';
import { spreadOf } from '../measure/spread.js';

const [rounds = 7, lookups = 500_000] = process.argv.slice(2).map(Number);
const KEY_COUNTS = [1_000, 50_000, 500_000];
/** As many as execution prepares at once. */
const BATCH = 128;

interface Batch {
  readonly keys: readonly string[];
  readonly hashes: readonly number[];
}

/** Keys as they come from the network: new strings, which a Map has to hash. */
function randomBatches(count: number): Batch[] {
  return Array.from({ length: Math.ceil(lookups / BATCH) }, () => {
    const keys = Array.from({ length: BATCH }, () => keyOf(Math.floor(Math.random() * count)));
    return { keys, hashes: keys.map((key) => hashOf(key)) };
  });
}

function keyOf(number: number): string {
  return Buffer.from(`user${String(number).padStart(10, '0')}`).toString('latin1');
}

/** Nanoseconds per lookup. What is found is used: a compiler leaves out reads that nobody needs. */
function perLookup(batches: readonly Batch[], find: (batch: Batch) => number): number {
  const start = performance.now();
  let found = 0;
  for (const batch of batches) found += find(batch);
  if (found === 0) throw new Error('broken invariant: no key was found');
  return ((performance.now() - start) * 1e6) / (batches.length * BATCH);
}

function compare(count: number): void {
  const map = new Map<string, string>();
  const table = new KeyTable<string>();
  for (let number = 0; number < count; number++) {
    const value = keyOf(number).padEnd(32, '.');
    map.set(keyOf(number), value);
    table.set(keyOf(number), hashOf(keyOf(number)), value);
  }
  const inMap = ({ keys }: Batch): number => keys.reduce((sum, key) => sum + (map.get(key)?.length ?? 0), 0);
  const inTable = ({ keys, hashes }: Batch): number => {
    table.prefetch(hashes);
    return keys.reduce((sum, key, at) => sum + (table.get(key, hashes[at] as number)?.length ?? 0), 0);
  };
  const figures: { map: number[]; table: number[]; ratio: number[] } = { map: [], table: [], ratio: [] };
  for (let round = 0; round <= rounds; round++) {
    const a = perLookup(randomBatches(count), inMap);
    const b = perLookup(randomBatches(count), inTable);
    if (round === 0) continue; // warm-up
    figures.map.push(a);
    figures.table.push(b);
    figures.ratio.push(a / b);
  }
  const line = `${count.toLocaleString('en-US')} keys: Map ${text(figures.map, 0)} ns, table ${text(figures.table, 0)} ns`;
  process.stdout.write(`${line}, Map over table ${text(figures.ratio, 2)}\n`);
}

function text(values: readonly number[], digits: number): string {
  const { median, min, max } = spreadOf(values);
  return `${median.toFixed(digits)} (${min.toFixed(digits)}-${max.toFixed(digits)})`;
}

for (const count of KEY_COUNTS) compare(count);
