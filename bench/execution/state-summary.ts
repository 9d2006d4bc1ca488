/** What a thread holds, in a form that can be added up over threads: equal states have equal summaries. */
export interface StateSummary {
  readonly keys: number;
  /** Of all values that are numbers, and of the `balance` of those that have one. */
  readonly sum: number;
  /** Sum of a 32-bit hash of each key with its value, modulo 2^32: the order of the keys does not show. */
  readonly hash: number;
}

export const EMPTY_STATE: StateSummary = { keys: 0, sum: 0, hash: 0 };

export function summarise(entries: Iterable<readonly [key: string, value: unknown]>): StateSummary {
  let keys = 0;
  let sum = 0;
  let hash = 0;
  for (const [key, value] of entries) {
    keys++;
    sum += amountOf(value);
    hash = (hash + hashText(`${key} ${JSON.stringify(value)}`)) >>> 0;
  }
  return { keys, sum, hash };
}

export function addStates(a: StateSummary, b: StateSummary): StateSummary {
  return { keys: a.keys + b.keys, sum: a.sum + b.sum, hash: (a.hash + b.hash) >>> 0 };
}

function amountOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'object' && value !== null && 'balance' in value ? Number(value.balance) : 0;
}

/** FNV-1a over UTF-16 units. */
function hashText(text: string): number {
  let hash = 0x811c_9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193);
  return hash >>> 0;
}
