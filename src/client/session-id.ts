import { SESSION_BYTES } from '../transport/frames.js';

const TIME_BYTES = 6;

/**
 * A session's id: 6 bytes of its creation time (ms since 1970 by the server's clock, big-endian), so that a server can
 * tell a session that it has forgotten from a new one, then 10 random bytes.
 */
export function createSessionId(nowMs: number): Uint8Array {
  const id = globalThis.crypto.getRandomValues(new Uint8Array(SESSION_BYTES));
  let rest = Math.floor(nowMs);
  for (let at = TIME_BYTES - 1; at >= 0; at--) {
    id[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return id;
}
