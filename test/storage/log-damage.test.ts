import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryDisk } from '../../src/storage/memory-disk.js';
import { SegmentLogStore } from '../../src/storage/segment-log-store.js';
import { LOG_PATH, openLog } from './log-history.js';
import { seededRandom } from '../seeded-random.js';

const RECORDS = 36;
const payload = (index: number): Buffer => Buffer.alloc(200, 65 + index);

function namesOf(disk: MemoryDisk): string[] {
  return disk.list(LOG_PATH).map((name) => `${LOG_PATH}/${name}`);
}

/** The same disk with one file changed, or without it (null). */
function altered(disk: MemoryDisk, path: string, change: (bytes: Uint8Array) => Uint8Array | null): MemoryDisk {
  const files = namesOf(disk).map((each) => [each, disk.bytesOf(each)] as const);
  const kept: [string, Uint8Array][] = [];
  for (const [name, bytes] of files) {
    const next = name === path ? change(bytes) : bytes;
    if (next !== null) kept.push([name, next]);
  }
  return new MemoryDisk(kept);
}

function flipped(bytes: Uint8Array, at: number, bit = 0): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] ?? 0) ^ (1 << bit);
  return copy;
}

/** What opening says: the code and file of its error, or the records found. */
async function outcome(disk: MemoryDisk): Promise<string> {
  try {
    const log = await openLog(disk);
    const records = log.read(1, Infinity);
    const whole = records.every(({ index, bytes }) => payload(index).equals(bytes));
    return whole ? `${records.length} records` : 'wrong records';
  } catch (error) {
    const { code, details } = error as { code?: string; details?: { file?: string } };
    return `${code} ${details?.file?.split('/').at(-1)}`;
  }
}

async function filledDisk(end: 'closed' | 'killed'): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const log = await openLog(disk);
  for (let index = 1; index <= RECORDS; index++) {
    log.append(index, [payload(index)]);
    if (index % 3 === 0) await log.sync();
  }
  if (end === 'closed') await log.close();
  return altered(disk, '', (bytes) => bytes); // a copy without the spare files' open handles
}

const segmentsOf = (disk: MemoryDisk): string[] => namesOf(disk).filter((name) => name.endsWith('.segment'));

describe.each(['closed', 'killed'] as const)('a damaged log that was %s', (end) => {
  let disk: MemoryDisk;
  let paths: string[];
  beforeEach(async () => {
    disk = await filledDisk(end);
    paths = segmentsOf(disk);
    expect(paths.length).toBeGreaterThan(2); // one in the middle
  });

  it('opens whole when nothing was changed', async () => {
    expect(await outcome(disk)).toBe(`${RECORDS} records`);
  });

  it('is never opened with a record lost or changed, wherever one bit is flipped', async () => {
    const found = new Set<string>();
    for (const path of paths) {
      const bytes = disk.bytesOf(path);
      for (let at = 0; at < bytes.byteLength; at++) {
        const said = await outcome(altered(disk, path, () => flipped(bytes, at, at % 8)));
        const name = path.split('/').at(-1);
        // A bit among the zeros that pad a record or follow the last one changes nothing.
        const allowed = [`${RECORDS} records`, `DATA_CORRUPT ${name}`, `DATA_FOREIGN ${name}`];
        if (!allowed.includes(said)) throw new Error(`bit ${at % 8} of byte ${at} of ${name}: ${said}`);
        found.add(said.split(' ').at(0) ?? '');
      }
    }
    expect([...found].sort()).toEqual(['36', 'DATA_CORRUPT', 'DATA_FOREIGN']);
  });

  it('is never opened with a record lost or changed when a stretch of it is overwritten', async () => {
    const random = seededRandom(7);
    for (let round = 0; round < 400; round++) {
      const path = paths[Math.floor(random() * (paths.length - 1))] ?? '';
      const said = await outcome(
        altered(disk, path, (bytes) => {
          const from = Math.floor(random() * bytes.byteLength);
          const value = round % 2 === 0 ? 0 : Math.floor(random() * 256);
          return bytes.slice().fill(value, from, from + 1 + Math.floor(random() * 600));
        }),
      );
      expect(said, `seed 7, round ${round}`).toMatch(/^(36 records|DATA_(CORRUPT|FOREIGN) .*segment)$/);
    }
  });

  it('names the file that is cut short, empty, or of another origin', async () => {
    const path = paths[1] ?? '';
    const name = path.split('/').at(-1);
    expect(await outcome(altered(disk, path, (bytes) => bytes.slice(0, 2000)))).toBe(`DATA_CORRUPT ${name}`);
    expect(await outcome(altered(disk, path, () => new Uint8Array(0)))).toBe(`DATA_CORRUPT ${name}`);
    expect(await outcome(altered(disk, path, () => Buffer.alloc(4096, 'hello ')))).toBe(`DATA_FOREIGN ${name}`);
  });

  it('says that a segment in the middle is missing', async () => {
    const before = paths[0]?.split('/').at(-1);
    expect(await outcome(altered(disk, paths[1] ?? '', () => null))).toBe(`DATA_CORRUPT ${before}`);
  });

  it('does not take one segment for another', async () => {
    const [first = '', second = ''] = paths;
    const said = await outcome(altered(disk, second, () => disk.bytesOf(first)));
    expect(said).toMatch(/^DATA_CORRUPT/);
  });

  it('refuses a directory with a file of another name', async () => {
    const stray = new MemoryDisk([
      ...namesOf(disk).map((each) => [each, disk.bytesOf(each)] as const),
      [`${LOG_PATH}/notes.txt`, Buffer.from('mine')],
    ]);
    expect(await outcome(stray)).toBe('DATA_FOREIGN notes.txt');
  });

  it('refuses the log of another group', async () => {
    const opening = SegmentLogStore.open(LOG_PATH, { identity: 'bank/group-2', fileSystem: disk });
    await expect(opening).rejects.toMatchObject({ code: 'DATA_MISMATCH', message: /bank\/group-1.*bank\/group-2/ });
  });
});

describe('a log whose last records are lost', () => {
  it('is damaged, not torn, where a record after them proves that they were durable', async () => {
    const disk = await filledDisk('killed');
    const path = segmentsOf(disk).at(-1) ?? '';
    const said = await outcome(altered(disk, path, (bytes) => bytes.slice().fill(0, 512, 1024)));
    expect(said).toBe(`DATA_CORRUPT ${path.split('/').at(-1)}`);
  });

  it('is damaged, not torn, where it was closed after them', async () => {
    const disk = await filledDisk('closed');
    const path = segmentsOf(disk).at(-1) ?? '';
    const firstIndex = Number(path.split('/').at(-1)?.slice(0, 16));
    const last = 512 + 256 * (RECORDS - firstIndex);
    const said = await outcome(altered(disk, path, (bytes) => bytes.slice().fill(0, last, last + 256)));
    expect(said).toBe(`DATA_CORRUPT ${path.split('/').at(-1)}`);
  });

  it('reports a record that has gone bad since it was opened', async () => {
    const disk = new MemoryDisk();
    const log = await openLog(disk);
    log.append(1, [payload(1)]);
    await log.sync();
    const file = disk.open(segmentsOf(disk)[0] ?? '', 'existing');
    await file.write(600, Buffer.from([0]));
    expect(() => log.read(1, 1000)).toThrow(expect.objectContaining({ code: 'DATA_CORRUPT' }));
  });
});

describe('the bytes of a log', () => {
  it('hold nothing of earlier records between those that are there', async () => {
    const disk = new MemoryDisk();
    const log = await openLog(disk);
    log.append(1, [Buffer.alloc(1000, 255)]);
    await log.sync();
    log.append(2, [Buffer.alloc(1, 255)]); // in the write buffer that record 1 was in
    await log.sync();
    const bytes = disk.bytesOf(segmentsOf(disk)[0] ?? '');
    const second = 512 + 1056;
    expect([...bytes.subarray(second + 33, second + 64)]).toEqual(new Array(31).fill(0));
  });
});

describe('a disk that refuses', () => {
  it('fails the sync and everything after it, and holds what was acknowledged', async () => {
    const disk = new MemoryDisk();
    const log = await openLog(disk);
    log.append(1, [payload(1)]);
    await log.sync();
    disk.fail('sync', new Error('ENOSPC: no space left on device'));
    log.append(2, [payload(2)]);
    const named = { code: 'STORAGE_FAILED', message: /no space left/, details: { file: segmentsOf(disk)[0] } };
    await expect(log.sync()).rejects.toMatchObject(named);
    expect(() => log.append(3, [payload(3)])).toThrow(/no space left/);
    disk.fail('sync', null);
    await expect(log.sync()).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    await log.close();
    const again = await openLog(disk.restarted(() => 0));
    expect(again.lastIndex).toBe(1);
  });

  it('is waited for: a sync is not done before the disk is, and one later sync covers all that came meanwhile', async () => {
    const disk = new MemoryDisk();
    const log = await SegmentLogStore.open(LOG_PATH, { segmentBytes: 16_384, fileSystem: disk });
    const small = Buffer.from('small'); // all fits in the segment's first quarter: no other file is touched
    log.append(1, [small]);
    const release = disk.holdSyncs();
    let done = false;
    const first = log.sync().then(() => (done = true));
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    for (let index = 2; index <= 9; index++) log.append(index, [small]);
    const later = [log.sync(), log.sync(), log.sync()];
    expect([done, log.durableIndex]).toEqual([false, 0]);
    const before = disk.operations;
    release();
    await first;
    expect(await Promise.all(later)).toEqual([9, 9, 9]);
    expect(disk.operations - before).toBe(3); // the first sync; then one write and one sync
  });
});
