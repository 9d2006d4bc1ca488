/** Cuts frames off a command queue: as many commands as go well together, none over the limits. */
import { messageOf, PsmrError } from '../errors.js';
import { COMMANDS_HEADER_BYTES, SEGMENT_HEADER_BYTES } from '../transport/frames.js';
import type { ClientLimits } from './client-limits.js';
import type { CommandQueue, Commands } from './command-queue.js';
import { type SegmentedCommands, segmentCommands } from './frame-encoder.js';

/** The most commands of one frame: beyond this a larger batch saves nothing and only delays its first result. */
export const FRAME_COMMANDS_MAX = 4096;
/** What a frame of many commands grows to; a single command may be larger. */
const FRAME_BYTES_AIM = 131_072;
const BYTES_PER_COMMAND_GUESS = 64;

export interface FrameContent {
  readonly commands: Commands;
  readonly content: SegmentedCommands;
}

export class FrameBuilder {
  readonly #queue: CommandQueue;
  readonly #limits: ClientLimits;
  readonly #reject: (commands: Commands, error: PsmrError) => void;
  /** A moving average. */
  #bytesPerCommand = BYTES_PER_COMMAND_GUESS;

  constructor(queue: CommandQueue, limits: ClientLimits, reject: (commands: Commands, error: PsmrError) => void) {
    this.#queue = queue;
    this.#limits = limits;
    this.#reject = reject;
  }

  /** The next frame's commands, taken from the queue; those that fit no frame are rejected. Null: the queue is empty. */
  next(): FrameContent | null {
    let count = this.#aim();
    while (count > 0) {
      const commands = this.#queue.peek(count);
      const content = this.#encode(commands);
      if (!(content instanceof PsmrError)) {
        this.#queue.drop(count);
        this.#bytesPerCommand += (content.bytes / count - this.#bytesPerCommand) / 4;
        return { commands, content };
      }
      if (count > 1) {
        count = Math.ceil(count / 2);
      } else {
        this.#queue.drop(1);
        this.#reject(commands, content);
        count = this.#aim();
      }
    }
    return null;
  }

  #aim(): number {
    const bytes = Math.min(FRAME_BYTES_AIM, this.#limits.frameBytesMax / 2);
    const count = Math.floor(bytes / Math.max(1, this.#bytesPerCommand));
    return Math.min(this.#queue.length, FRAME_COMMANDS_MAX, Math.max(1, count));
  }

  /** A frame over the limit of one command is cut in halves: so none in it can be over. */
  #encode(commands: Commands): SegmentedCommands | PsmrError {
    const { commandBytesMax, frameBytesMax } = this.#limits;
    const name = commands.types[0]?.name ?? '';
    try {
      const content = segmentCommands(commands);
      const headers = COMMANDS_HEADER_BYTES + content.segments.length * SEGMENT_HEADER_BYTES;
      const largest = Math.min(commandBytesMax, frameBytesMax - headers);
      return content.bytes <= largest ? content : tooLarge(name, content.bytes, largest);
    } catch (thrown) {
      return notEncodable(name, thrown);
    }
  }
}

function tooLarge(name: string, bytes: number, limit: number): PsmrError {
  return new PsmrError(
    'COMMAND_TOO_LARGE',
    `Command '${name}' takes ${bytes} bytes, over the limit of ${limit}: split it, or raise limits.commandBytesMax (and limits.frameBytesMax) on server and client.`,
    { details: { command: name, bytes, limit } },
  );
}

function notEncodable(name: string, thrown: unknown): PsmrError {
  return new PsmrError(
    'VALUE_NOT_ENCODABLE',
    `The arguments of command '${name}' cannot be encoded as MessagePack: ${messageOf(thrown)}. Pass plain data.`,
    { cause: thrown, details: { command: name } },
  );
}
