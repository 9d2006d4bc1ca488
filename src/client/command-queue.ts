/**
 * Commands that wait for a frame, as parallel arrays: millions of commands per second pass here, so none of them gets
 * an object of its own.
 */
import { invariant } from '../errors.js';
import type { StreamMask } from '../transport/frames.js';
import type { Call } from './call.js';

/** What the client knows of a command by its name. */
export interface CommandType {
  readonly name: string;
  readonly readOnly: boolean;
  readonly everyKey: boolean;
}

/** Commands in order; the i-th of each array belong together. */
export interface Commands {
  readonly types: CommandType[];
  readonly args: unknown[];
  readonly masks: StreamMask[];
  readonly calls: Call[];
  readonly slots: number[];
  /** By the client's clock: when the caller is told that it got no answer. */
  readonly deadlines: number[];
}

function noCommands(): Commands {
  return { types: [], args: [], masks: [], calls: [], slots: [], deadlines: [] };
}

/** Above this many taken ones the arrays are cut: often enough to free memory, seldom enough to cost nothing. */
const COMPACT_AFTER = 65_536;

export class CommandQueue {
  #commands = noCommands();
  #head = 0;

  get length(): number {
    return this.#commands.types.length - this.#head;
  }

  push(type: CommandType, args: unknown, mask: StreamMask, call: Call, slot: number, deadline: number): void {
    const commands = this.#commands;
    const at = commands.types.length;
    // Stores are compiled into place, where push() is a call.
    commands.types[at] = type;
    commands.args[at] = args;
    commands.masks[at] = mask;
    commands.calls[at] = call;
    commands.slots[at] = slot;
    commands.deadlines[at] = deadline;
  }

  /** When the oldest one's wait ends; Infinity where there is none. */
  get deadline(): number {
    return this.#commands.deadlines[this.#head] ?? Infinity;
  }

  /** The first `count`, still queued. */
  peek(count: number): Commands {
    invariant(count <= this.length, 'no more commands are looked at than are queued');
    const { types, args, masks, calls, slots, deadlines } = this.#commands;
    if (this.#head === 0 && count === types.length) return this.#commands;
    const from = this.#head;
    const to = from + count;
    return {
      types: types.slice(from, to),
      args: args.slice(from, to),
      masks: masks.slice(from, to),
      calls: calls.slice(from, to),
      slots: slots.slice(from, to),
      deadlines: deadlines.slice(from, to),
    };
  }

  /** Takes the first `count` out; what `peek` returned stays as it is. */
  drop(count: number): void {
    this.#head += count;
    if (this.#head === this.#commands.types.length) {
      this.#commands = noCommands();
      this.#head = 0;
    } else if (this.#head >= COMPACT_AFTER) {
      this.#commands = this.peek(this.length);
      this.#head = 0;
    }
  }

  takeAll(): Commands {
    const commands = this.peek(this.length);
    this.drop(commands.types.length);
    return commands;
  }
}
