import { DEFAULT_LIMITS } from '../../src/config/limits.js';

/** What the rings of all clients may take together; every client has two rings per group. */
const ALL_RINGS_BYTES = 512 << 20;
const RING_BYTES_MIN = 16 << 10;

/** Bytes per ring: less than the default where there are thousands of clients. A power of two. */
export function ringBytesFor(clients: number, groups: number): number {
  let bytes = DEFAULT_LIMITS.ringBytes;
  while (bytes > RING_BYTES_MIN && bytes * 2 * clients * groups > ALL_RINGS_BYTES) bytes /= 2;
  return bytes;
}
