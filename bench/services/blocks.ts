import { defineService } from '../../src/service/define-service.js';
import { extentKey, splitByExtent } from '../workloads/extents.js';
import { readSectors, writeSectors } from '../workloads/sectors.js';
import { spin } from '../workloads/work.js';

export interface ReadArguments {
  /** First sector. */
  lbn: number;
  sectors: number;
  /** Characters that each sector holds: the same for every command of a store. */
  sectorBytes: number;
  spin?: number;
}
export interface WriteArguments {
  lbn: number;
  sectors: number;
  /** What the sectors hold, one after the other: equal shares for all. */
  data: string;
  spin?: number;
}

/** A block store: one value per extent, requests of any run of sectors. */
export default defineService({
  name: 'blocks',
  commands: {
    read: {
      keys: (args: ReadArguments) => splitByExtent(args.lbn, args.sectors).map((part) => extentKey(part.extent)),
      readOnly: true,
      execute: (state, args) => {
        if (args.spin !== undefined) spin(args.spin);
        return splitByExtent(args.lbn, args.sectors)
          .map((part) => readSectors(state.get<string>(extentKey(part.extent)), part, args.sectorBytes))
          .join('');
      },
    },
    write: {
      keys: (args: WriteArguments) => splitByExtent(args.lbn, args.sectors).map((part) => extentKey(part.extent)),
      execute: (state, args) => {
        if (args.spin !== undefined) spin(args.spin);
        const sectorBytes = args.data.length / args.sectors;
        let from = 0;
        for (const part of splitByExtent(args.lbn, args.sectors)) {
          const data = args.data.slice(from, (from += part.sectors * sectorBytes));
          const key = extentKey(part.extent);
          state.set(key, writeSectors(state.get<string>(key), part, data, sectorBytes));
        }
      },
    },
  },
});
