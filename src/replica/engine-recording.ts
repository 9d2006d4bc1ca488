/** What an engine records beside its counters, and what has happened in it lately. On the main thread. */
import { nowUs } from '../clock.js';
import { createRecordings, type RecordingsMemory } from '../memory/recordings.js';
import { EventLog } from '../metrics/event-log.js';
import { RecordingReader, type Recorded } from '../metrics/read-recordings.js';
import { SHARED_FROM_OWN_US } from '../metrics/recording-clock.js';
import type { PsmrError } from '../errors.js';
import type { ReplicationMessage, SlowMessage } from './worker-pool.js';

export class EngineRecording {
  /** Null: nothing is recorded. */
  readonly memory: RecordingsMemory | null;
  readonly events = new EventLog(Date.now);
  readonly #groups: readonly string[];
  readonly #reader: RecordingReader | null;
  readonly #leaders: number[];

  /** `groups`: their names, group 0's first; `commands`: the service's. */
  constructor(on: boolean, groups: readonly string[], commands: readonly string[]) {
    this.#groups = groups.map((name, group) => (group === 0 ? 'group 0' : `stream ${name}`));
    this.#leaders = groups.map(() => 0);
    this.memory = on ? createRecordings(groups.length, commands.length) : null;
    this.#reader =
      this.memory === null ? null : new RecordingReader(this.memory, commands, () => nowUs() + SHARED_FROM_OWN_US);
  }

  read(): Recorded | null {
    return this.#reader?.read() ?? null;
  }

  slow(group: number, { names, commands, us }: SlowMessage): void {
    const seconds = (us / 1e6).toFixed(us < 1e6 ? 3 : 1);
    const what = commands === 1 ? (names[0] ?? 'a command') : `${commands} commands (${names.join(', ')})`;
    this.events.add('slow', `${this.#nameOf(group)}: ${what} took ${seconds} s`);
  }

  replication(group: number, message: ReplicationMessage): void {
    if (message.type === 'checkpoint-needed')
      this.events.add('problem', `${this.#nameOf(group)} is too far behind: a checkpoint is fetched`);
    if (message.type !== 'raft-status') return;
    const { leader, term } = message.status;
    const before = this.#leaders[group];
    if (leader === before) return;
    this.#leaders[group] = leader;
    const text = leader === 0 ? `has no leader that this replica knows` : `is led by replica ${leader}, term ${term}`;
    this.events.add('leader', `${this.#nameOf(group)} ${text}`);
  }

  /** `open`: what the dashboard, which is open to everybody, may show of it. */
  problem(problem: PsmrError, open: string, tell: (problem: PsmrError) => void): void {
    this.events.add('problem', open);
    tell(problem);
  }

  notice(sentence: string, tell: (sentence: string) => void): void {
    this.events.add('notice', sentence);
    tell(sentence);
  }

  #nameOf(group: number): string {
    return this.#groups[group] ?? `group ${group}`;
  }
}
