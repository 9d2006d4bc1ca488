/** What V8's collector finds: whether something is still held by anything. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
export const collectGarbage = runInNewContext('gc') as () => void;

export async function isCollected(target: WeakRef<object>): Promise<boolean> {
  // What a WeakRef has given stays for the rest of the turn.
  await new Promise(setImmediate);
  collectGarbage();
  return target.deref() === undefined;
}
