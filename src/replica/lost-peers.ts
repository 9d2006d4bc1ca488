/** Replicas that an operator was told are not reached: that they are again is told, too, once for all of their groups. */
export class LostPeers {
  /** By replica, the groups whose links were told of. */
  readonly #lost = new Map<number, Set<number>>();
  readonly #tell: (sentence: string) => void;

  constructor(tell: (sentence: string) => void) {
    this.#tell = tell;
  }

  /** The operator hears that the group has no link to it. */
  lost(group: number, peer: number): void {
    const groups = this.#lost.get(peer) ?? new Set();
    this.#lost.set(peer, groups.add(group));
  }

  /** Those to which the group's links are up. */
  reached(group: number, peers: readonly number[]): void {
    for (const peer of peers) {
      const groups = this.#lost.get(peer);
      if (groups?.delete(group) !== true || groups.size > 0) continue;
      this.#lost.delete(peer);
      this.#tell(`Replica ${peer} is reached again.`);
    }
  }
}
