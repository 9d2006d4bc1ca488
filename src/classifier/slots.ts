/** Keys to slots: the fixed half of the partition map. What it computes must never change: logs and data depend on it. */
export const SLOTS = 1024;

/** The slot of a key, 0..1023. */
export function slotOf(key: string): number {
  return slotOfHash(hashOf(key));
}

export function slotOfHash(hash: number): number {
  return hash & (SLOTS - 1);
}

/**
 * A well-mixed 32-bit hash, signed, as V8 keeps small integers: FNV-1a over the UTF-16 units, then the finaliser of
 * MurmurHash3.
 */
export function hashOf(text: string): number {
  let hash = 0x811c_9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return hash ^ (hash >>> 16);
}
