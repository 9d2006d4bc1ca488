import type { CommandContext } from '../service/command.js';

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

/** sfc32 (Doty-Humphrey, PractRand), seeded by a command's place in the log. */
function generator(group: number, index: number, position: number): () => number {
  let a = group | 0;
  let b = (index % 0x1_0000_0000) | 0;
  let c = (Math.floor(index / 0x1_0000_0000) ^ Math.imul(position, 0x9e37_79b9)) | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (let round = 0; round < 12; round++) next();
  return () => next() / 0x1_0000_0000;
}
