import { crc32 } from 'node:zlib';
import { COMMANDS_HEADER_BYTES, type CommandsFrame } from '../transport/frames.js';

/**
 * 32 bits of a frame's commands and of their number in the session, the same whenever it is sent. Two processes that
 * use one session give one number to different commands: neither may take the other's answer for its own.
 */
export function digestOf(bytes: Uint8Array, { firstSequence, flags }: CommandsFrame): number {
  return crc32(bytes.subarray(COMMANDS_HEADER_BYTES), (firstSequence * 2 + flags) >>> 0);
}
