import type { PartitionMap } from '../../src/classifier/partition-map.js';
import { ControlBlock } from '../../src/memory/control-block.js';
import { OutgoingLink } from '../../src/replica/stream-links.js';
import type { EngineMemory } from '../../src/replica/engine-memory.js';
import type { Service } from '../../src/service/command.js';
import type { LogEntry } from '../logs/ordered-logs.js';
import { LapDuty, type OrderedLog } from './lap-duty.js';
import { encodeScheduled } from './scheduled-message.js';
import { Scheduler } from './scheduler.js';
import type { SourceEnd } from './stream-source.js';

/** The scheduler's thread: schedules entry after entry, as far as there is room on the way to the workers. */
export class SchedulerDuty extends LapDuty {
  readonly #scheduler: Scheduler;
  readonly #links: readonly OutgoingLink[];
  #announced: SourceEnd | null = null;

  constructor(log: OrderedLog, service: Service, map: PartitionMap, memory: EngineMemory) {
    super(log);
    const control = new ControlBlock(memory.control);
    this.#links = memory.links.ordered.slice(1).map((ring, at) => new OutgoingLink(ring, control.bell(at + 1)));
    this.#scheduler = new Scheduler(service, map, (stream, message) =>
      this.#links[stream - 1]?.send(encodeScheduled(message)),
    );
  }

  override step(): 'progress' | 'waiting' | SourceEnd {
    for (const link of this.#links) link.flush();
    if (!this.#links.every((link) => link.clear)) return 'waiting';
    const outcome = this.#announced ?? super.step();
    if (outcome === 'progress' || outcome === 'waiting') return outcome;
    if (this.#announced !== null) {
      this.#announced = null;
      return outcome;
    }
    // The workers execute what they have, and then say so too; the thread ends its phase when they all can know.
    for (const link of this.#links) link.send(encodeScheduled({ kind: outcome }));
    this.#announced = outcome;
    return 'progress';
  }

  /** The state is the workers'. */
  override state(): Iterable<readonly [string, unknown]> {
    return [];
  }

  protected override execute(entry: LogEntry): void {
    this.#scheduler.schedule(entry);
  }
}
