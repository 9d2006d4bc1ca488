interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** Events in order of time; what is due at the same time goes in the order in which it was asked for. */
export class VirtualTime {
  now = 0;
  #count = 0;
  readonly #heap: Event[] = [];

  after(ms: number, run: () => void): void {
    const event = { at: this.now + Math.max(0, ms), order: this.#count++, run };
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const above = heap[up];
      if (above === undefined || before(above, event)) break;
      heap[at] = above;
      at = up;
    }
    heap[at] = event;
  }

  /** Runs events until `done` holds or this time has come. True: `done`. */
  runUntil(time: number, done: () => boolean = () => false): boolean {
    for (let next = this.#heap[0]; next !== undefined && next.at <= time; next = this.#heap[0]) {
      this.#removeFirst();
      this.now = next.at;
      next.run();
      if (done()) return true;
    }
    this.now = time;
    return false;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      const left = heap[down];
      const right = heap[down + 1];
      let smallest = left;
      if (left !== undefined && right !== undefined && before(right, left)) {
        smallest = right;
        down++;
      }
      if (smallest === undefined || before(last, smallest)) break;
      heap[at] = smallest;
      at = down;
    }
    heap[at] = last;
  }
}

function before(one: Event, other: Event): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
