import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDataDir, readIdentity } from '../../src/storage/data-dir.js';
import { groupDirectory } from '../../src/storage/data-paths.js';
import { acquireDataLock } from '../../src/storage/data-lock.js';
import { SegmentLogStore } from '../../src/storage/segment-log-store.js';

const BANK = { service: 'bank', streams: 4, partitionMap: { slots: [1, 2, 3, 4], pins: { a: 1, b: 2 } } };
let path: string;
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'psmr-data-')), 'data');
});
afterEach(() => rmSync(join(path, '..'), { recursive: true }));

const refused = (code: string, message: RegExp): unknown =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as unknown });

describe('a data directory', () => {
  it('is created once and opened again by the same service', () => {
    const first = openDataDir(path, BANK);
    expect(first.fresh).toBe(true);
    first.release();
    const sameInOtherOrder = { ...BANK, partitionMap: { pins: { b: 2, a: 1 }, slots: [1, 2, 3, 4] } };
    const second = openDataDir(path, sameInOtherOrder);
    expect(second.fresh).toBe(false);
    second.release();
    expect(readIdentity(path)).toEqual(BANK);
  });

  it.each([
    [{ ...BANK, service: 'kv' }, /"bank".*"kv"/],
    [{ ...BANK, streams: 2 }, /4 streams.*2/],
    [
      { ...BANK, partitionMap: { slots: [] } },
      /another partition map: slots was \[1,2,3,4\], is \[\]; pins was \{"a":1,"b":2\}, is nothing/,
    ],
  ])('is refused to another service, number of streams or partition map, and says both', (other, message) => {
    openDataDir(path, BANK).release();
    expect(() => openDataDir(path, other)).toThrow(refused('DATA_MISMATCH', message));
    openDataDir(path, BANK).release(); // and is not left locked
  });

  it('says where a partition map of many slots differs, and no more', () => {
    const mapOf = (slots: readonly number[]): object => ({ ...BANK.partitionMap, slots });
    const slots = Array.from({ length: 1024 }, (_, slot) => (slot % 4) + 1);
    openDataDir(path, { ...BANK, partitionMap: mapOf(slots) }).release();
    const other = slots.map((stream, slot) => (slot === 7 || slot === 9 ? 1 : stream));
    const message =
      /another partition map: slots differs in 2 of 1024 places, first at \[7\]: was 4, is 1\. Start with/;
    expect(() => openDataDir(path, { ...BANK, partitionMap: mapOf(other) })).toThrow(refused('DATA_MISMATCH', message));
  });

  it('is refused where the log of one group has gone as a whole and others have been written to', async () => {
    openDataDir(path, BANK).release();
    const write = async (group: number, records: number): Promise<void> => {
      const log = await SegmentLogStore.open(groupDirectory(path, group));
      for (let index = 1; index <= records; index++) log.append(index, [Buffer.from('entry')]);
      await log.sync();
    };
    for (const group of [0, 1, 3]) await write(group, 0);
    openDataDir(path, BANK).release(); // a first start that was cut short: nothing was written yet
    await write(4, 0);
    await write(2, 1);
    openDataDir(path, BANK).release();
    rmSync(groupDirectory(path, 3), { recursive: true });
    expect(() => openDataDir(path, BANK)).toThrow(refused('DATA_CORRUPT', /group-3 .*group-2 has been written to/));
    mkdirSync(groupDirectory(path, 3)); // empty, it is no log either
    expect(() => openDataDir(path, BANK)).toThrow(refused('DATA_CORRUPT', /group-3/));
    expect(readdirSync(groupDirectory(path, 3))).toEqual([]);
  });

  it('is not made of a directory that holds something else, which stays as it is', () => {
    mkdirSync(path);
    writeFileSync(join(path, 'thesis.txt'), 'mine');
    expect(() => openDataDir(path, BANK)).toThrow(refused('DATA_FOREIGN', /thesis\.txt/));
    expect(readdirSync(path)).toEqual(['thesis.txt']);
  });

  it('is not made of a file', () => {
    writeFileSync(path, 'mine');
    expect(() => openDataDir(path, BANK)).toThrow(refused('DATA_FOREIGN', /a file/));
    expect(readFileSync(path, 'utf8')).toBe('mine');
  });

  it('says that its identity is damaged or gone, naming the file', () => {
    openDataDir(path, BANK).release();
    const file = join(path, 'identity.json');
    const sound = readFileSync(file, 'utf8');
    for (const text of [
      '',
      sound.slice(0, 40),
      sound.replace('bank', 'bonk'),
      sound.replace('"streams": 4', '"streams": 5'),
    ]) {
      writeFileSync(file, text);
      expect(() => openDataDir(path, BANK)).toThrow(refused('DATA_CORRUPT', /identity\.json/));
      expect(() => readIdentity(path)).toThrow(refused('DATA_CORRUPT', /identity\.json/));
    }
    writeFileSync(file, '{"name":"somebody else"}');
    expect(() => openDataDir(path, BANK)).toThrow(refused('DATA_FOREIGN', /identity\.json/));
    rmSync(file);
    mkdirSync(join(path, 'group-1'));
    expect(() => openDataDir(path, BANK)).toThrow(refused('DATA_CORRUPT', /identity\.json/));
  });

  it('goes on where a start was broken off before it had an identity', () => {
    mkdirSync(join(path, 'lock'), { recursive: true });
    writeFileSync(join(path, 'identity.json.tmp'), '{"form');
    const directory = openDataDir(path, BANK);
    expect(directory.fresh).toBe(true);
    directory.release();
  });

  it('is not created by looking at its identity', () => {
    expect(() => readIdentity(path)).toThrow(refused('DATA_FOREIGN', /no such directory/));
    mkdirSync(path);
    expect(() => readIdentity(path)).toThrow(refused('DATA_FOREIGN', /identity\.json/));
    expect(readdirSync(path)).toEqual([]);
  });
});

describe('the lock of a data directory', () => {
  it('keeps a second engine of the process out until the first lets go', () => {
    const first = openDataDir(path, BANK);
    expect(() => openDataDir(path, BANK)).toThrow(refused('DATA_DIR_LOCKED', /this process/));
    first.release();
    const second = openDataDir(path, BANK);
    first.release(); // once more: does not release the second
    expect(() => openDataDir(path, BANK)).toThrow(refused('DATA_DIR_LOCKED', /this process/));
    second.release();
  });

  it('names the process that holds it, and is free at once when that process is killed', async () => {
    openDataDir(path, BANK).release();
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log("up")'], { stdio: 'pipe' });
    try {
      await once(child.stdout, 'data');
      const { pid } = child;
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
      writeFileSync(join(path, 'lock', '99'), JSON.stringify({ pid, startTime, released: false }));
      expect(() => openDataDir(path, BANK)).toThrow(
        expect.objectContaining({ code: 'DATA_DIR_LOCKED', details: expect.objectContaining({ pid }) as unknown }),
      );
      child.kill('SIGKILL');
      await once(child, 'exit');
      openDataDir(path, BANK).release();
      expect(readdirSync(join(path, 'lock'))).toEqual(['100']);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('is not taken for held when the process id belongs to a younger process', () => {
    openDataDir(path, BANK).release();
    writeFileSync(join(path, 'lock', '7'), JSON.stringify({ pid: process.pid, startTime: '1', released: false }));
    openDataDir(path, BANK).release();
  });

  it('is free when the file that says who has it cannot be read', () => {
    mkdirSync(join(path, 'lock'), { recursive: true });
    writeFileSync(join(path, 'lock', '1'), '');
    acquireDataLock(path).release();
  });
});
