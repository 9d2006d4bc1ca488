/**
 * What the log should stand on: segment files or LMDB. Both append one record and make it durable, again and again, in
 * rounds that take turns; the figures are records per second, the ratio is of each round's pair.
 *
 *   npx tsc -p tsconfig.build.json && node dist/bench/micro/log-store.js [rounds] [appends per round]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { SegmentLogStore } from '../../src/storage/segment-log-store.js';

const [rounds = 7, appends = 300] = process.argv.slice(2).map(Number);
const RECORD_BYTES = [4 * 1024, 64 * 1024];

interface DurableLog {
  append(index: number, record: Uint8Array): Promise<unknown>;
  close(): Promise<void>;
}

async function openSegments(directory: string): Promise<DurableLog> {
  const log = await SegmentLogStore.open(join(directory, 'segments'));
  return {
    append: (index, record) => {
      log.append(index, [record]);
      return log.sync();
    },
    close: () => log.close(),
  };
}

function openLmdb(directory: string): DurableLog {
  const database = open<Uint8Array, number>({
    path: join(directory, 'lmdb'),
    encoding: 'binary',
    overlappingSync: false,
  });
  return { append: (index, record) => database.put(index, Buffer.from(record)), close: () => database.close() };
}

async function perSecond(log: DurableLog, from: number, record: Uint8Array): Promise<number> {
  const start = performance.now();
  for (let index = from; index < from + appends; index++) await log.append(index, record);
  return (appends * 1000) / (performance.now() - start);
}

function spread(values: number[], digits: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (position: number): string => (sorted[position] ?? NaN).toFixed(digits);
  return `${at(sorted.length >> 1)} (${at(0)}-${at(sorted.length - 1)})`;
}

async function compare(directory: string, recordBytes: number): Promise<void> {
  const segments = await openSegments(directory);
  const lmdb = openLmdb(directory);
  const record = new Uint8Array(recordBytes).fill(7);
  const figures: { segments: number[]; lmdb: number[]; ratio: number[] } = { segments: [], lmdb: [], ratio: [] };
  for (let round = 0; round <= rounds; round++) {
    const first = 1 + round * appends;
    const a = await perSecond(segments, first, record);
    const b = await perSecond(lmdb, first, record);
    if (round === 0) continue; // warm-up
    figures.segments.push(a);
    figures.lmdb.push(b);
    figures.ratio.push(a / b);
  }
  await segments.close();
  await lmdb.close();
  const line = `${recordBytes / 1024} KiB records, each synced: segments ${spread(figures.segments, 0)}/s, lmdb ${spread(figures.lmdb, 0)}/s`;
  process.stdout.write(`${line}, ratio ${spread(figures.ratio, 2)}\n`);
}

for (const recordBytes of RECORD_BYTES) {
  const directory = mkdtempSync('./psmr-bench-');
  try {
    await compare(directory, recordBytes);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
