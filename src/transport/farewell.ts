/** The GOODBYE messages that an endpoint itself says, and limits that both implementations of `Listen` share. */
import { encodeGoodbye } from './handshake.js';

/** A connection on which nothing moves for this long, pings unanswered, is closed. */
export const IDLE_TIMEOUT_S = 120;

/** WebSocket close codes: the server ends; the message was too big. */
export const CLOSE_GOING_AWAY = 1001;

/** What a client gets, as an HTTP answer, where the endpoint holds `connectionsMax` connections already. */
export const FULL_STATUS = 503;

/**
 * The WebSocket layer accepts messages a little above the limit, so that their sender can be told why it is
 * disconnected; far larger ones are cut off without a word.
 */
export function hardMessageBytesMax(frameBytesMax: number): number {
  return Math.min(frameBytesMax * 2, 0x7fff_ffff);
}

export function frameTooLarge(bytes: number, frameBytesMax: number): Uint8Array {
  return encodeGoodbye({
    code: 'FRAME_TOO_LARGE',
    message: `A frame of ${bytes} bytes is over the limit of ${frameBytesMax}: send smaller batches, or raise limits.frameBytesMax.`,
  });
}
