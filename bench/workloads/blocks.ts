/**
 * A block store driven by a recorded trace, in the trace's order. The store's keys are extents of 64 KiB, so a request
 * touches the one to three extents that it lies in and is cross-stream when these lie in several streams: `cross` and `zipf` are
 * the trace's own. A sector holds `valueBytes` characters in place of its 512 bytes, which say whose they are, so that
 * every read can be checked.
 */
import type { ReadArguments } from '../services/blocks.js';
import type { BlockRequest } from './block-trace.js';
import { misread, writtenContent } from './sectors.js';
import { withWork } from './work.js';
import type { BenchCommand, Workload, WorkloadOptions } from './workload.js';

export function blocksWorkload(trace: readonly BlockRequest[]): Workload {
  return {
    name: 'blocks',
    service: new URL('../services/blocks.js', import.meta.url),
    // The disk starts blank, as a read of it tells.
    load: () => [],
    generate: (options) => replayTrace(trace, options),
    check: checkRead,
    conserved: null,
  };
}

function* replayTrace(trace: readonly BlockRequest[], options: WorkloadOptions): Generator<BenchCommand> {
  const { valueBytes: sectorBytes, work } = options;
  let stamp = 0;
  for (const { write, lbn, sectors } of trace) {
    yield write
      ? ['write', withWork({ lbn, sectors, data: writtenContent(lbn, sectors, stamp++, sectorBytes) }, work)]
      : ['read', withWork({ lbn, sectors, sectorBytes }, work)];
  }
}

export function checkRead([name, args]: BenchCommand, content: unknown): string | null {
  return name === 'read' && isRead(args) ? misread(args.lbn, args.sectors, args.sectorBytes, content) : null;
}

function isRead(args: unknown): args is ReadArguments {
  return typeof args === 'object' && args !== null && 'lbn' in args && 'sectorBytes' in args;
}
