import { describe, expect, it } from 'vitest';
import { DiskReports, LOOK_MS } from '../../src/replica/disk-reports.js';

const SECONDS = 1000 / LOOK_MS;

class Watched {
  readonly told: string[] = [];
  /** Groups whose threads wait for the disk. */
  readonly waiting = new Set<number>();
  readonly reports = new DiskReports(
    {
      dataDir: '/data',
      groups: 3,
      findStuckAtDisk: (group) => this.waiting.has(group),
      problem: ({ code, message }) => this.told.push(`${code}: ${message}`),
    },
    0,
  );
  #nowMs = 0;

  /** The workers of these groups are heard; the others are silent. */
  look(times: number, ...heard: number[]): void {
    for (let nth = 0; nth < times; nth++) {
      for (const group of heard) this.reports.hear(group, false);
      this.reports.look((this.#nowMs += LOOK_MS));
    }
  }

  /** Nobody looks meanwhile. */
  sleep(ms: number): void {
    this.#nowMs += ms;
  }
}

describe('a thread that waits for the disk', () => {
  it('is told of after two seconds, once, and is in the status until it turns again', () => {
    const watched = new Watched();
    watched.waiting.add(2);
    watched.look(2 * SECONDS - 1, 0, 1);
    expect(watched.told).toEqual([]);
    expect(watched.reports.reason).toBeNull();
    watched.look(5 * SECONDS, 0, 1);
    expect(watched.told).toEqual([
      expect.stringMatching(
        /^STORAGE_FAILED: The disk of \/data does not answer: a write of group 2 .*Look at the disk/,
      ),
    ]);
    expect(watched.reports.reason).toBe('its disk does not answer: writes of group 2 wait');
    watched.look(1, 0, 1, 2);
    expect(watched.reports.reason).toBeNull();
    watched.look(3 * SECONDS, 0, 1);
    expect(watched.told).toHaveLength(2);
  });

  it('is not what one is that is silent for another reason, or whose worker is heard', () => {
    const watched = new Watched();
    watched.waiting.add(2);
    watched.look(5 * SECONDS, 0, 2);
    expect(watched.told).toEqual([]);
  });

  it('is not concluded from time in which nobody looked', () => {
    const watched = new Watched();
    watched.waiting.add(1);
    watched.look(1, 0, 2);
    watched.sleep(60_000);
    watched.look(1, 0, 2);
    expect(watched.told).toEqual([]);
  });
});

describe('a status', () => {
  it('names the groups whose workers say that their writes wait', () => {
    const watched = new Watched();
    watched.reports.hear(0, true);
    watched.reports.hear(2, true);
    expect(watched.reports.reason).toBe('its disk does not answer: writes of group 0, 2 wait');
    watched.reports.hear(0, false);
    watched.reports.hear(2, false);
    expect(watched.reports.reason).toBeNull();
  });
});
