/** The place of a group log that needs no other replica. */
import { seededRandom } from '../seeded-random.js';
import type { Entry, GroupLog } from '../../src/ordering/group-log.js';
import { DurableGroupLog } from '../../src/ordering/local/durable-log.js';
import { MemoryGroupLog } from '../../src/ordering/local/memory-log.js';
import { MemoryDisk } from '../../src/storage/memory-disk.js';
import { SegmentLogStore } from '../../src/storage/segment-log-store.js';
import type { OpenLog } from './group-log-history.js';
import type { GroupLogPlace } from './group-log-suite.js';

/** Takes all there is, as often as the log says that there is more. */
function taking(log: GroupLog): OpenLog {
  const taken: Entry[] = [];
  let failure: Error | null = null;
  log.onCommitted = (error) => {
    failure ??= error;
    for (let entry = log.take(); entry !== null; entry = log.take()) taken.push(entry);
  };
  return {
    log,
    taken,
    get failure() {
      return failure;
    },
  };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let turn = 0; !holds(); turn++) {
    if (turn > 100_000) throw new Error(`not within many turns: ${what}`);
    await new Promise(setImmediate);
  }
}

export async function memoryPlace(): Promise<GroupLogPlace> {
  const open = taking(new MemoryGroupLog(1));
  return {
    logs: [open],
    leader: async () => open,
    until,
    restart: null,
    crash: null,
    truncateBelow: (_, index) => open.log.truncateBelow(index),
    remove: () => open.log.close(),
  };
}

/** Over a disk in memory; what is lost with the power is drawn from the seed. */
export async function durablePlace(seed: number, durability: 'sync' | 'async'): Promise<GroupLogPlace> {
  const random = seededRandom(seed);
  let disk = new MemoryDisk();
  let checkpoint = 0;
  const logs: OpenLog[] = [];
  const start = async (from = checkpoint + 1): Promise<OpenLog> => {
    const store = await SegmentLogStore.open('/log', { fileSystem: disk, segmentBytes: 16_384 });
    const open = taking(new DurableGroupLog(1, store, { durability, directory: '/log' }));
    open.log.startFrom(from);
    open.log.onCommitted?.(null); // what was committed before the start is there at once
    logs[0] = open;
    return open;
  };
  let open = await start();
  return {
    logs,
    leader: async () => open,
    until,
    restart: async (_, from) => {
      await open.log.close();
      return (open = await start(from));
    },
    crash:
      durability === 'async'
        ? null
        : async () => {
            const found = disk.restarted(random);
            await open.log.close();
            disk = found;
            open = await start();
          },
    truncateBelow: async (_, index) => {
      checkpoint = index - 1;
      await open.log.truncateBelow(index);
    },
    remove: () => open.log.close(),
  };
}
