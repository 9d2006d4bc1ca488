import { describe, expect, it } from 'vitest';
import { HardStateFile } from '../../../src/ordering/raft/hard-state-file.js';
import { MemoryDisk } from '../../../src/storage/memory-disk.js';
import { seededRandom } from '../../seeded-random.js';

const OWNER = { cluster: 'test', replica: 1, group: 0 };
const PATH = '/votes/group-0';

const open = (disk: MemoryDisk): Promise<HardStateFile> => HardStateFile.open(disk, PATH, OWNER);

describe('the file of term and vote', () => {
  it('can be opened whenever the power failed, and holds what was durable or what was being written', async () => {
    for (let seed = 0; seed < 200; seed++) {
      const random = seededRandom(seed);
      const disk = new MemoryDisk();
      disk.powerOffAt(1 + Math.floor(random() * 12));
      let durable = 0;
      try {
        const file = await open(disk);
        for (let term = 1; ; term++) {
          await file.write({ term, votedFor: 1 });
          durable = term;
        }
      } catch {
        const found = (await open(disk.restarted(random))).state.term;
        expect([durable, durable + 1], `seed ${seed}`).toContain(found);
      }
    }
  });

  it('is refused where it was cut short: its vote is not known', async () => {
    const disk = new MemoryDisk();
    await (await open(disk)).write({ term: 3, votedFor: 1 });
    const cut = new MemoryDisk([[PATH, disk.bytesOf(PATH).slice(0, 100)]]);
    await expect(open(cut)).rejects.toMatchObject({ code: 'DATA_CORRUPT' });
  });
});
