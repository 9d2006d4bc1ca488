/**
 * Results as JSON. What JSON lacks is shown as what comes nearest: bytes as base64, integers beyond 2^53 as digits in
 * a string, sets as arrays, no value as null.
 */
export function resultJson(value: unknown, indent: number): string {
  return JSON.stringify(shown(value), null, indent);
}

function shown(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Set) return [...value].map(shown);
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shown(item)]));
}
