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

/** Of one part of the queue: where an array outgrows 128 KiB, V8 gives up the code that appends to it, for good. */
const PART_MAX = 8192;

export class CommandQueue {
  #last = noCommands();
  /** Oldest first; none is empty but the last one. */
  #parts = [this.#last];
  /** Of the first part, taken. */
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(type: CommandType, args: unknown, mask: StreamMask, call: Call, slot: number, deadline: number): void {
    if (this.#last.types.length === PART_MAX) this.#addPart();
    const commands = this.#last;
    const at = commands.types.length;
    // Stores are compiled into place, where push() is a call.
    commands.types[at] = type;
    commands.args[at] = args;
    commands.masks[at] = mask;
    commands.calls[at] = call;
    commands.slots[at] = slot;
    commands.deadlines[at] = deadline;
    this.#length++;
  }

  /** When the oldest one's wait ends; Infinity where there is none. */
  get deadline(): number {
    return this.#parts[0]?.deadlines[this.#head] ?? Infinity;
  }

  /** The first `count`, still queued. */
  peek(count: number): Commands {
    invariant(count <= this.#length, 'no more commands are looked at than are queued');
    const [first = this.#last, ...later] = this.#parts;
    if (this.#head === 0 && count === first.types.length) return first;
    const cuts = [cut(first, this.#head, this.#head + count)];
    let missing = count - (first.types.length - this.#head);
    for (const part of later) {
      if (missing <= 0) break;
      cuts.push(cut(part, 0, missing));
      missing -= part.types.length;
    }
    return joined(cuts);
  }

  /** Takes the first `count` out; what `peek` returned stays as it is. */
  drop(count: number): void {
    this.#head += count;
    this.#length -= count;
    if (this.#length === 0) return this.#begin();
    for (let [first] = this.#parts; first !== undefined && this.#head >= first.types.length; [first] = this.#parts) {
      this.#head -= first.types.length;
      this.#parts.shift();
    }
  }

  takeAll(): Commands {
    const commands = this.peek(this.#length);
    this.drop(commands.types.length);
    return commands;
  }

  #begin(): void {
    this.#parts = [];
    this.#head = 0;
    this.#addPart();
  }

  #addPart(): void {
    this.#last = noCommands();
    this.#parts.push(this.#last);
  }
}

function cut({ types, args, masks, calls, slots, deadlines }: Commands, from: number, to: number): Commands {
  return {
    types: types.slice(from, to),
    args: args.slice(from, to),
    masks: masks.slice(from, to),
    calls: calls.slice(from, to),
    slots: slots.slice(from, to),
    deadlines: deadlines.slice(from, to),
  };
}

function joined(parts: readonly Commands[]): Commands {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return {
    types: parts.flatMap(({ types }) => types),
    args: parts.flatMap(({ args }) => args),
    masks: parts.flatMap(({ masks }) => masks),
    calls: parts.flatMap(({ calls }) => calls),
    slots: parts.flatMap(({ slots }) => slots),
    deadlines: parts.flatMap(({ deadlines }) => deadlines),
  };
}
