import { readFile } from 'node:fs/promises';

/** In /proc/PID/stat after the name, which ends with the last bracket. */
const USER = 11;
const CHILDREN_SYSTEM = 14;
const TICKS_PER_SECOND = 100;

/** Processor time that this process and its children that have ended took while `work` ran, over the time it took; null: cannot be told here. */
export async function withLoadCores<T>(work: () => Promise<T>): Promise<{ value: T; cores: number | null }> {
  const before = await processorSeconds();
  const start = performance.now();
  const value = await work();
  const seconds = (performance.now() - start) / 1000;
  const after = await processorSeconds();
  return { value, cores: before === null || after === null ? null : (after - before) / seconds };
}

async function processorSeconds(): Promise<number | null> {
  const stat = await readFile('/proc/self/stat', 'utf8').catch(() => null);
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(USER, CHILDREN_SYSTEM + 1).map(Number);
  return ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND;
}
