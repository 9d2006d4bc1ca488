import type { StreamMask } from '../transport/frames.js';

/** The streams of a mask, in ascending order. */
export function streamsOf(mask: StreamMask): number[] {
  const streams: number[] = [];
  for (let stream = 1; stream <= 32; stream++) if ((mask.low >>> (stream - 1)) & 1) streams.push(stream);
  for (let stream = 33; stream <= 64; stream++) if ((mask.high >>> (stream - 33)) & 1) streams.push(stream);
  return streams;
}

/** The lowest stream of a mask; 0: it is empty. */
export function lowestOf({ low, high }: StreamMask): number {
  if (low !== 0) return 32 - Math.clz32(low & -low);
  return high === 0 ? 0 : 64 - Math.clz32(high & -high);
}

export function maskHas(mask: StreamMask, stream: number): boolean {
  return stream <= 32 ? ((mask.low >>> (stream - 1)) & 1) === 1 : ((mask.high >>> (stream - 33)) & 1) === 1;
}

export function maskOf(streams: Iterable<number>): StreamMask {
  let low = 0;
  let high = 0;
  for (const stream of streams) {
    if (stream <= 32) low |= 1 << (stream - 1);
    else high |= 1 << (stream - 33);
  }
  return { low: low >>> 0, high: high >>> 0 };
}

export function sameStreams(a: StreamMask, b: StreamMask): boolean {
  return a.low === b.low && a.high === b.high;
}
