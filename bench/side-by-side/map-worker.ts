/** Thread entry point: a task sets keys of a Map. Hosted by piscina. */
import type { KeyValue } from '../peers/kv-sets.js';

const values = new Map<string, string>();

export default function setAll(sets: readonly KeyValue[]): number {
  for (const { key, value } of sets) values.set(key, value);
  return values.size;
}
