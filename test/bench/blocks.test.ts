import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import blocks from '../../bench/services/blocks.js';
import { parseBlockTrace, type BlockRequest } from '../../bench/workloads/block-trace.js';
import { blocksWorkload } from '../../bench/workloads/blocks.js';
import { EXTENT_SECTORS } from '../../bench/workloads/extents.js';
import { randomSource } from '../../bench/workloads/random-source.js';
import { misread, SECTOR_BYTES_MIN, sectorContent } from '../../bench/workloads/sectors.js';
import { asService } from '../../src/service/define-service.js';
import { workloadOptions } from './bench-setting.js';
import { SequentialModel } from './sequential-model.js';

const SECTOR_BYTES = SECTOR_BYTES_MIN;
const options = workloadOptions({ valueBytes: SECTOR_BYTES });

const requests = fc.array(
  fc.record({
    write: fc.boolean(),
    lbn: fc.integer({ min: 0, max: 4 * EXTENT_SECTORS }),
    sectors: fc.integer({ min: 1, max: 2 * EXTENT_SECTORS + 3 }),
  }),
  { minLength: 1, maxLength: 20 },
);

/** What a disk of sectors would return, request by request; null for writes. */
function replayOnSectors(trace: readonly BlockRequest[]): (string | null)[] {
  const disk = new Map<number, string>();
  let stamp = 0;
  return trace.map(({ write, lbn, sectors }) => {
    const run = Array.from({ length: sectors }, (_, i) => lbn + i);
    if (!write) return run.map((sector) => disk.get(sector) ?? '.'.repeat(SECTOR_BYTES)).join('');
    for (const sector of run) disk.set(sector, sectorContent(sector, stamp, SECTOR_BYTES));
    stamp++;
    return null;
  });
}

describe('the blocks workload', () => {
  test('every read returns what was written last, sector by sector, across extents', () => {
    fc.assert(
      fc.property(requests, (trace) => {
        const workload = blocksWorkload(trace);
        const model = new SequentialModel(asService(blocks));
        const expected = replayOnSectors(trace);
        for (const [i, command] of [...workload.generate(options, randomSource(1))].entries()) {
          const result = model.execute(command);
          expect(workload.check(command, result)).toBeNull();
          if (command[0] === 'read') expect(result).toBe(expected[i]);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('a read with a sector of another place, a torn one or too few is told apart', () => {
    const right = sectorContent(7, 1, SECTOR_BYTES) + '.'.repeat(SECTOR_BYTES);
    expect(misread(7, 2, SECTOR_BYTES, right)).toBeNull();
    expect(misread(8, 2, SECTOR_BYTES, right)).toMatch(/sector 8 holds/);
    expect(misread(7, 2, SECTOR_BYTES, `${right.slice(0, -1)}x`)).toMatch(/sector 8 holds/);
    expect(misread(7, 3, SECTOR_BYTES, right)).toMatch(/3 sectors/);
    expect(misread(7, 1, SECTOR_BYTES, undefined)).toMatch(/undefined/);
  });
});

describe('a block trace', () => {
  const header = 'version,time,op,size,lbn';

  test('is read line by line: 2a writes, 28 reads, sizes in sectors of 512 bytes', () => {
    expect(parseBlockTrace(`${header}\n1,5,2a,512,100\r\n1,6,28,6656,7\n`, 't.csv')).toEqual([
      { write: true, lbn: 100, sectors: 1 },
      { write: false, lbn: 7, sectors: 13 },
    ]);
  });

  test.each([
    ['', 'line 1'],
    ['a,b\n1,5,2a,512,1', 'line 1'],
    [header, 'no requests'],
    [`${header}\n1,5,2b,512,1`, "op '2b'"],
    [`${header}\n1,5,2a,512,1\n1,5,2a,0,1`, 'line 3'],
    [`${header}\n1,5,2a,512,-1`, "lbn '-1'"],
    [`${header}\n1,5`, 'line 2'],
  ])('that is wrong (%j) is an error that names the file and the place', (text, place) => {
    expect(() => parseBlockTrace(text, 't.csv')).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(/t\.csv/) as string }),
    );
    expect(() => parseBlockTrace(text, 't.csv')).toThrow(place);
  });
});
