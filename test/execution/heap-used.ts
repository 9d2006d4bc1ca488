import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes of this thread's heap that something holds. */
export function heapUsed(): number {
  collect();
  return process.memoryUsage().heapUsed;
}
