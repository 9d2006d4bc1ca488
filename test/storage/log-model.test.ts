import fc from 'fast-check';
import { describe, it } from 'vitest';
import { MemoryDisk } from '../../src/storage/memory-disk.js';
import { LogHistory, openLog } from './log-history.js';
import { seededRandom } from '../seeded-random.js';

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('append' as const), size: fc.integer({ min: 0, max: 5000 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('sync' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cut' as const), back: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drop' as const), back: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('power cut' as const), seed: fc.integer() }) },
);

describe('a log, whatever is done to it in whatever order', () => {
  it('holds what it promised', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        let disk = new MemoryDisk();
        let log = await openLog(disk);
        const history = new LogHistory();
        for (const each of steps) {
          if (each.do === 'append') history.append(log, each.size);
          if (each.do === 'sync') await history.sync(log);
          if (each.do === 'cut') await history.cut(log, Math.max(log.firstIndex - 1, log.lastIndex - each.back));
          if (each.do === 'drop') await history.dropBelow(log, Math.max(1, log.lastIndex - each.back));
          if (each.do === 'reopen') await log.close();
          if (each.do === 'power cut') disk = disk.restarted(seededRandom(each.seed));
          if (each.do === 'reopen' || each.do === 'power cut') {
            log = await openLog(disk);
            history.check(log);
          }
        }
        history.check(log);
      }),
      { numRuns: 300 },
    );
  });
});
