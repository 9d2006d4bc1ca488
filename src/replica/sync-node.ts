/** Group 0 on this replica, wired: orders cross-stream commands, hands them to their streams, answers their clients. */
import type { PartitionMap } from '../classifier/partition-map.js';
import type { Limits } from '../config/limits.js';
import { type PsmrError } from '../errors.js';
import { digestOf } from '../execution/frame-digest.js';
import { answerAgain } from '../execution/repeated-frame.js';
import { encodeRejection } from '../execution/result-batch.js';
import { wrongEpoch } from '../execution/stream-executor.js';
import { hasSession, SessionTable, sessionKeyOf } from '../execution/session-table.js';
import { streamsOf } from '../execution/stream-set.js';
import type { ControlBlock } from '../memory/control-block.js';
import type { FrameLatency } from '../metrics/frame-latency.js';
import { Counter, type Counters } from '../memory/counters.js';
import { RingReader } from '../memory/ring.js';
import { EntryKind, type Entry, type GroupLog } from '../ordering/group-log.js';
import { Proposer } from '../ordering/proposer.js';
import { RunCutter } from '../ordering/run-cutter.js';
import { decodeSyncResults } from '../ordering/sync-results.js';
import { encodeSyncRun, type SyncRun } from '../ordering/sync-run.js';
import {
  commandCount,
  decodeCommandsFrame,
  decodeReplyFrame,
  FLAG_READ_ONLY,
  type CommandsFrame,
} from '../transport/frames.js';
import { ClientIntake, offeredFrame } from './client-intake.js';
import type { PollOutcome } from './duty-cycle.js';
import { FeedIntake, orderedByFeed } from './feed-intake.js';
import { GroupLeadership } from './leadership.js';
import type { RingClientMemory } from './ring-client.js';
import { RunsUnderWay } from './runs-under-way.js';
import { OutgoingLink, type LinkMemory } from './stream-links.js';
import { StreamSignals } from './stream-signals.js';

export interface SyncNodeOptions {
  /** This replica's number; 0: the log is not replicated. */
  readonly replica: number;
  readonly map: PartitionMap;
  readonly limits: Limits;
  readonly control: ControlBlock;
  readonly counters: Counters;
  /** Null: it is not measured. */
  readonly latency?: FrameLatency | null;
  readonly links: LinkMemory;
  readonly log: GroupLog;
  readonly wake: () => void;
  readonly nowMs: () => number;
  /** Group 0 has been executed up to `index`, the checkpoint's, of that time: the session table is to be written now. */
  readonly checkpoint: (index: number, timestampMs: number) => void;
  /** The index at which a checkpoint was proposed here, or why it will not be taken: not leading, or lost. */
  readonly checkpointOrdered: (order: number | PsmrError) => void;
}

/** Entries handed out between two looks at clients and log. */
const ENTRIES_PER_POLL = 32;

export class SyncNode {
  readonly clients: ClientIntake;
  readonly sessions: SessionTable;
  readonly #options: SyncNodeOptions;
  readonly #proposer: Proposer;
  readonly #ordered: OutgoingLink[] = [];
  readonly #results: RingReader[] = [];
  readonly #signals: StreamSignals;
  readonly #recoveredTo: number;
  readonly #leadership: GroupLeadership;
  readonly #runs: RunsUnderWay;
  #feed: FeedIntake | null = null;
  /** A checkpoint entry that waits for the results of the runs before it. */
  #heldCheckpoint: Entry | null = null;
  #deliveredIndex: number;
  #accepting = false;
  #entries = 0;

  /** `deliveredIndex`: what the checkpoint that the log was started behind covers. */
  constructor(options: SyncNodeOptions, deliveredIndex: number) {
    this.#options = options;
    const { replica, map, limits, control, links, log, wake, nowMs } = options;
    this.sessions = new SessionTable(limits);
    this.#runs = new RunsUnderWay(map.streams);
    this.#signals = new StreamSignals(control, map.streams);
    this.#leadership = new GroupLeadership({ group: 0, replica, log, control, wake });
    this.clients = this.#openIntake();
    const refusal = (): PsmrError => this.#leadership.refusal();
    this.#proposer = new Proposer({ log, wanted: () => 0, entryBytesMax: limits.entryBytesMax, nowMs, refusal });
    log.onAppended = (entry) => this.#signals.announceEntry(entry);
    for (let stream = 1; stream <= map.streams; stream++) {
      const bell = control.bell(stream);
      this.#ordered.push(new OutgoingLink(links.ordered[stream] as SharedArrayBuffer, bell));
      this.#results.push(new RingReader(links.results[stream] as SharedArrayBuffer, bell));
      control.setDelivered(stream, deliveredIndex);
    }
    this.#deliveredIndex = deliveredIndex;
    this.#recoveredTo = log.committedIndex;
  }

  /** Recovery may go on, and clients are served. */
  open(): void {
    this.#accepting = true;
    this.#options.wake();
  }

  /** Bytes taken in and neither committed nor refused yet. */
  get queuedBytes(): number {
    return this.#proposer.bytes;
  }

  get recovered(): boolean {
    return this.#deliveredIndex >= this.#recoveredTo && this.#runs.count === 0;
  }

  get stuckAt(): number | null {
    return this.#runs.oldest;
  }

  addFeed(memory: RingClientMemory): void {
    this.#feed = new FeedIntake(memory, this.#options.limits.unreadBytesMax);
    this.#options.wake();
  }

  /** Orders a checkpoint of all partitions, if this replica leads. */
  proposeCheckpoint(): void {
    const { checkpointOrdered, nowMs, wake } = this.#options;
    if (!this.#leadership.leading) return checkpointOrdered(this.#leadership.refusal());
    this.#proposer.flush();
    const proposal = { kind: EntryKind.checkpoint, mergePoint: 0, timestampMs: nowMs(), frames: [] };
    const index = this.#proposer.append(proposal, checkpointOrdered);
    this.#signals.announce(this.#signals.allStreams, index);
    checkpointOrdered(index);
    wake();
  }

  poll(): PollOutcome {
    if (!this.#accepting) return 'park';
    if (this.#leadership.takeLoss()) this.#leadershipLost();
    let worked = this.#takeIn();
    worked = this.#proposer.flush() || worked;
    worked = this.#fillAwaited() || worked;
    // Before anything of it is answered: engine.feed() asks whether clients have executed anything.
    this.#options.counters.set(Counter.lastIndex, this.#options.log.lastIndex);
    worked = this.#takeResults() || worked;
    worked = this.#deliver() || worked;
    worked = this.clients.flushReplies() || worked;
    if (this.#feed !== null) worked = this.#feed.flush() || worked;
    this.#account();
    if (worked) return 'progress';
    const { log } = this.#options;
    return log.committedIndex < log.lastIndex || this.#runs.count === 0 ? 'park' : 'spin';
  }

  #openIntake(): ClientIntake {
    const { map, limits, control, counters, latency, wake } = this.#options;
    return new ClientIntake({
      group: 0,
      streams: map.streams,
      epoch: map.epoch,
      limits,
      counters,
      latency: latency ?? null,
      wake,
      queuedBytes: () => this.queuedBytes,
      subscriptions: null,
      refused: () => {
        if (control.fed) return orderedByFeed();
        // Reads of several streams are ordered here too: nobody but the leader takes them.
        return this.#leadership.leading ? null : this.#leadership.refusal();
      },
      accept: (frame, bytes, route) => {
        const announce = (index: number): void => this.#signals.announceFrame(frame, index);
        this.#proposer.add(offeredFrame(this.clients, frame, bytes, route, announce));
      },
    });
  }

  #leadershipLost(): void {
    this.#proposer.leadershipLost();
    this.clients.leadershipLost(this.#leadership.refusal(), this.#options.log.committedIndex);
  }

  #takeIn(): boolean {
    if (this.#feed === null) return this.clients.poll();
    const fed = this.#feed.poll(this.#proposer, ENTRIES_PER_POLL, (index, entry) => {
      const frames = entry.frame === null ? [] : [entry.frame];
      this.#signals.announceEntry({ index, kind: entry.kind, frames });
      if (entry.kind === EntryKind.checkpoint) this.#options.checkpointOrdered(index);
    });
    return this.clients.poll() || fed;
  }

  /**
   * Fills with no-ops what streams' logs name and this log lost, or lacked at the start (invariant I3): each such stream
   * awaits it, on this replica too. A feed's merge points name what it is going to append itself.
   */
  #fillAwaited(): boolean {
    const { control, log, nowMs } = this.#options;
    if (!this.#leadership.leading || control.fed) return false;
    const { awaited } = this.#signals;
    if (awaited <= log.lastIndex) return false;
    while (log.lastIndex < awaited) {
      this.#proposer.append({ kind: EntryKind.noop, mergePoint: 0, timestampMs: nowMs(), frames: [] });
    }
    return true;
  }

  #takeResults(): boolean {
    let worked = false;
    for (let stream = 1; stream <= this.#results.length; stream++) {
      const ring = this.#results[stream - 1] as RingReader;
      for (let message = ring.read(); message !== null; message = ring.read()) {
        for (const { session, frame, digest } of decodeSyncResults(message))
          this.#conclude(sessionKeyOf(session), frame, digest);
        this.#runs.reported(stream);
        worked = true;
      }
    }
    return worked;
  }

  #conclude(sessionKey: string, bytes: Uint8Array, digest: number): void {
    const frame = decodeReplyFrame(bytes);
    if ((frame.flags & FLAG_READ_ONLY) === 0) {
      this.sessions.record(sessionKey, frame.firstSequence, frame.count, bytes);
    }
    this.#reply(sessionKey, bytes, digest);
  }

  #reply(sessionKey: string, reply: Uint8Array, digest: number): void {
    if (this.#feed !== null && !hasSession(sessionKey)) this.#feed.reply(reply);
    else this.clients.reply(sessionKey, reply, digest);
  }

  /** Hands committed entries to their streams, as long as all of these have room. */
  #deliver(): boolean {
    let worked = false;
    for (const link of this.#ordered) worked = link.flush() || worked;
    for (let count = 0; count < ENTRIES_PER_POLL && this.#mayDeliver(); count++) {
      const entry = this.#heldCheckpoint ?? this.#takeEntry();
      if (entry === null) break;
      if (entry.kind === EntryKind.checkpoint && this.#runs.count > 0) {
        this.#heldCheckpoint = entry;
        break;
      }
      this.#heldCheckpoint = null;
      this.#deliverEntry(entry);
      worked = true;
    }
    this.#publishDelivered();
    return worked;
  }

  #takeEntry(): Entry | null {
    const entry = this.#options.log.take();
    if (entry !== null) this.#proposer.taken(entry);
    return entry;
  }

  #mayDeliver(): boolean {
    return this.#ordered.every((link) => link.clear);
  }

  #deliverEntry(entry: Entry): void {
    if (entry.kind === EntryKind.checkpoint) this.#deliverCheckpoint(entry);
    else if (entry.kind === EntryKind.commands) this.#deliverCommands(entry);
    this.#deliveredIndex = entry.index;
    this.#entries++;
  }

  /** Once all of it is in a stream's ring, and not before. */
  #publishDelivered(): void {
    this.#ordered.forEach((link, at) => {
      if (link.clear) this.#signals.publishDelivered(at + 1, this.#deliveredIndex);
    });
  }

  #deliverCheckpoint(entry: Entry): void {
    const { index, kind, timestampMs } = entry;
    this.#options.checkpoint(index, timestampMs);
    this.#hand({ ...this.#signals.allStreams, kind, flags: 0, index, timestampMs, parts: [] });
  }

  #deliverCommands(entry: Entry): void {
    const cutter = new RunCutter(entry);
    for (const bytes of entry.frames) {
      const frame = decodeCommandsFrame(bytes);
      const digest = digestOf(bytes, frame);
      cutter.add(frame, commandCount(frame), digest, this.#admit(frame, entry, digest));
    }
    for (const run of cutter.finish()) {
      this.#hand(run);
      this.#runs.handed(run);
    }
  }

  #admit(frame: CommandsFrame, entry: Entry, digest: number): boolean {
    const key = sessionKeyOf(frame.session);
    const count = commandCount(frame);
    const first = frame.firstSequence;
    if (frame.epoch !== this.#options.map.epoch) {
      this.#reply(key, encodeRejection(wrongEpoch(), 0, first, count, frame.flags), digest);
      return false;
    }
    if ((frame.flags & FLAG_READ_ONLY) !== 0) return true;
    const admission = this.sessions.admit(key, first, count, frame.acknowledged, entry.timestampMs, digest);
    if (admission === 'admitted') return true;
    for (const reply of answerAgain(this.sessions, admission, 0, key, first, count)) this.#reply(key, reply, digest);
    return false;
  }

  #hand(run: SyncRun): void {
    const bytes = encodeSyncRun(run);
    for (const stream of streamsOf(run)) this.#ordered[stream - 1]?.send(bytes);
    this.#signals.announce(run, run.index);
  }

  #account(): void {
    const { counters, log } = this.#options;
    counters.set(Counter.entries, this.#entries);
    counters.set(Counter.queuedBytes, this.queuedBytes);
    counters.set(Counter.sessions, this.sessions.size);
    counters.set(Counter.connections, this.clients.connections);
    counters.set(Counter.logBytes, log.bytes);
    counters.set(Counter.committedIndex, log.committedIndex);
    counters.set(Counter.executedIndex, this.#deliveredIndex);
  }
}
