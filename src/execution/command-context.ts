import type { CommandContext } from '../service/command.js';
import { sfc32 } from './sfc32.js';

/** One context per worker, moved from command to command: nothing is allocated unless a handler asks. */
export class PlacedContext implements CommandContext {
  now = 0;
  #group = 0;
  #index = 0;
  #position = 0;
  #random: (() => number) | null = null;

  /** Where the command stands: group, index of its entry, position in the entry; and the entry's time. */
  moveTo(group: number, index: number, position: number, timestampMs: number): void {
    this.now = timestampMs;
    this.#group = group;
    this.#index = index;
    this.#position = position;
    this.#random = null;
  }

  random(): number {
    this.#random ??= generator(this.#group, this.#index, this.#position);
    return this.#random();
  }

  get commandId(): string {
    return `${this.#group}-${this.#index}-${this.#position}`;
  }
}

/** Seeded by a command's place in the log. */
function generator(group: number, index: number, position: number): () => number {
  const high = Math.floor(index / 0x1_0000_0000) ^ Math.imul(position, 0x9e37_79b9);
  const next = sfc32(group, index % 0x1_0000_0000, high, 12);
  return () => next() / 0x1_0000_0000;
}
