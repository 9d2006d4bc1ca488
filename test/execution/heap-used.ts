import { collectGarbage } from '../garbage.js';

/** Bytes of this thread's heap that something holds. */
export function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
