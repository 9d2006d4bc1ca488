/** Group 0 on this replica, wired: orders cross-stream commands, hands them to their streams, answers their clients. */
import type { PartitionMap } from '../classifier/partition-map.js';
import type { Limits } from '../config/limits.js';
import { answerAgain } from '../execution/repeated-frame.js';
import { encodeRejection } from '../execution/result-batch.js';
import { wrongEpoch } from '../execution/stream-executor.js';
import { hasSession, SessionTable, sessionKeyOf } from '../execution/session-table.js';
import { maskOf, streamsOf } from '../execution/stream-set.js';
import type { ControlBlock } from '../memory/control-block.js';
import type { Counters } from '../memory/counters.js';
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
  type StreamMask,
} from '../transport/frames.js';
import { ClientIntake, type Route } from './client-intake.js';
import type { PollOutcome } from './duty-cycle.js';
import { FeedIntake, orderedByFeed } from './feed-intake.js';
import type { RingClientMemory } from './ring-client.js';
import { OutgoingLink, type LinkMemory } from './stream-links.js';

export interface SyncNodeOptions {
  readonly map: PartitionMap;
  readonly limits: Limits;
  readonly control: ControlBlock;
  readonly counters: Counters;
  readonly links: LinkMemory;
  readonly log: GroupLog;
  readonly wake: () => void;
  readonly nowMs: () => number;
  /** Group 0 has been executed up to `index`, which is the checkpoint's: the session table is to be written now. */
  readonly checkpoint: (index: number) => void;
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
  readonly #allStreams: StreamMask;
  readonly #recoveredTo: number;
  #feed: FeedIntake | null = null;
  /** A checkpoint entry that waits for the results of the runs before it. */
  #heldCheckpoint: Entry | null = null;
  /** Runs handed out whose results have not come back. */
  #outstandingRuns = 0;
  #deliveredIndex: number;
  #queuedBytes = 0;
  #accepting = false;
  #entries = 0;

  /** `deliveredIndex`: what the checkpoint that the log was started behind covers. */
  constructor(options: SyncNodeOptions, deliveredIndex: number) {
    this.#options = options;
    const { map, limits, control, counters, links, log, wake, nowMs } = options;
    this.sessions = new SessionTable(limits);
    this.clients = new ClientIntake({
      group: 0,
      streams: map.streams,
      epoch: map.epoch,
      limits,
      counters,
      wake,
      queuedBytes: () => this.#queuedBytes,
      writesRefused: () => (control.fed ? orderedByFeed() : null),
      accept: (frame, bytes, route) => this.#accept(frame, bytes, route),
    });
    this.#proposer = new Proposer({ log, wanted: () => 0, entryBytesMax: limits.entryBytesMax, nowMs }, 0);
    for (let stream = 1; stream <= map.streams; stream++) {
      const bell = control.bell(stream);
      this.#ordered.push(new OutgoingLink(links.ordered[stream] as SharedArrayBuffer, bell));
      this.#results.push(new RingReader(links.results[stream] as SharedArrayBuffer, bell));
      control.setDelivered(stream, deliveredIndex);
    }
    this.#allStreams = maskOf(Array.from({ length: map.streams }, (_, at) => at + 1));
    this.#deliveredIndex = deliveredIndex;
    this.#recoveredTo = log.lastIndex;
  }

  /** Fills the log with no-ops up to `fillTo`, which streams' logs name (invariant I3); then clients are served. */
  open(fillTo: number): void {
    const { log, nowMs, wake } = this.#options;
    while (log.lastIndex < fillTo) {
      log.propose({ kind: EntryKind.noop, mergePoint: 0, timestampMs: nowMs(), frames: [] });
    }
    this.#accepting = true;
    wake();
  }

  get recovered(): boolean {
    return this.#deliveredIndex >= this.#recoveredTo && this.#outstandingRuns === 0;
  }

  addFeed(memory: RingClientMemory): void {
    this.#feed = new FeedIntake(memory, this.#options.limits.unreadBytesMax);
    this.#options.wake();
  }

  /** Orders a checkpoint of all partitions. */
  proposeCheckpoint(): void {
    const { log, nowMs, wake } = this.#options;
    this.#proposer.flush();
    const index = log.propose({ kind: EntryKind.checkpoint, mergePoint: 0, timestampMs: nowMs(), frames: [] });
    this.#announce(this.#allStreams, index);
    wake();
  }

  poll(): PollOutcome {
    if (!this.#accepting) return 'park';
    let worked = this.#takeIn();
    worked = this.#proposer.flush() || worked;
    worked = this.#takeResults() || worked;
    worked = this.#deliver() || worked;
    worked = this.clients.flushReplies() || worked;
    if (this.#feed !== null) worked = this.#feed.flush() || worked;
    this.#account();
    if (worked) return 'progress';
    const { log } = this.#options;
    return log.committedIndex < log.lastIndex || this.#outstandingRuns === 0 ? 'park' : 'spin';
  }

  #takeIn(): boolean {
    if (this.#feed === null) return this.clients.poll();
    const fed = this.#feed.poll(this.#options.log, ENTRIES_PER_POLL, (index, entry) => {
      this.#queuedBytes += entry.frame?.byteLength ?? 0;
      if (entry.kind === EntryKind.checkpoint) this.#announce(this.#allStreams, index);
      else if (entry.frame !== null) this.#announceFrame(decodeCommandsFrame(entry.frame), index);
    });
    return this.clients.poll() || fed;
  }

  #accept(frame: CommandsFrame, bytes: Uint8Array, route: Route): void {
    this.#queuedBytes += bytes.byteLength;
    this.#proposer.add(bytes, (index) => {
      route.lastIndex = index;
      this.#announceFrame(frame, index);
    });
  }

  #announceFrame(frame: CommandsFrame, index: number): void {
    for (const segment of frame.segments) this.#announce(segment, index);
  }

  /** Tells streams that group 0 has grown by a command for them: they log the merge point while this log syncs. */
  #announce(mask: StreamMask, index: number): void {
    const { control } = this.#options;
    for (const stream of streamsOf(mask)) {
      if (control.wanted(stream) >= index) continue;
      control.setWanted(stream, index);
      control.bell(stream).ring();
    }
  }

  #takeResults(): boolean {
    let worked = false;
    for (const ring of this.#results) {
      for (let message = ring.read(); message !== null; message = ring.read()) {
        for (const { session, frame } of decodeSyncResults(message)) this.#conclude(sessionKeyOf(session), frame);
        this.#outstandingRuns--;
        worked = true;
      }
    }
    return worked;
  }

  #conclude(sessionKey: string, bytes: Uint8Array): void {
    const frame = decodeReplyFrame(bytes);
    if ((frame.flags & FLAG_READ_ONLY) === 0) {
      this.sessions.record(sessionKey, frame.firstSequence, frame.count, bytes);
    }
    this.#reply(sessionKey, bytes);
  }

  #reply(sessionKey: string, frame: Uint8Array): void {
    if (this.#feed !== null && !hasSession(sessionKey)) this.#feed.reply(frame);
    else this.clients.reply(sessionKey, frame);
  }

  /** Hands committed entries to their streams, as long as all of these have room. */
  #deliver(): boolean {
    let worked = false;
    for (const link of this.#ordered) worked = link.flush() || worked;
    for (let count = 0; count < ENTRIES_PER_POLL && this.#mayDeliver(); count++) {
      const entry = this.#heldCheckpoint ?? this.#options.log.take();
      if (entry === null) break;
      if (entry.kind === EntryKind.checkpoint && this.#outstandingRuns > 0) {
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

  #mayDeliver(): boolean {
    return this.#ordered.every((link) => link.clear);
  }

  #deliverEntry(entry: Entry): void {
    if (entry.kind === EntryKind.checkpoint) this.#deliverCheckpoint(entry);
    else if (entry.kind === EntryKind.commands) this.#deliverCommands(entry);
    this.#deliveredIndex = entry.index;
    this.#entries++;
  }

  /** Tells each stream how far it can read, once all of it is in its ring; wakes those that wait for just that. */
  #publishDelivered(): void {
    const { control, map } = this.#options;
    for (let stream = 1; stream <= map.streams; stream++) {
      const before = control.delivered(stream);
      if (before === this.#deliveredIndex || this.#ordered[stream - 1]?.clear !== true) continue;
      control.setDelivered(stream, this.#deliveredIndex);
      if (control.awaited(stream) > before) control.bell(stream).ring();
    }
  }

  #deliverCheckpoint(entry: Entry): void {
    // One that was ordered before a crash has nobody waiting for it.
    if (entry.index <= this.#recoveredTo) return;
    this.#options.checkpoint(entry.index);
    const { index, kind, timestampMs } = entry;
    this.#hand({ ...this.#allStreams, kind, flags: 0, index, timestampMs, parts: [] });
  }

  #deliverCommands(entry: Entry): void {
    const cutter = new RunCutter(entry);
    for (const bytes of entry.frames) {
      const frame = decodeCommandsFrame(bytes);
      if (entry.index > this.#recoveredTo) this.#queuedBytes -= bytes.byteLength;
      cutter.add(frame, commandCount(frame), this.#admit(frame, entry));
    }
    for (const run of cutter.finish()) {
      this.#hand(run);
      this.#outstandingRuns++;
    }
  }

  #admit(frame: CommandsFrame, entry: Entry): boolean {
    const key = sessionKeyOf(frame.session);
    const count = commandCount(frame);
    const first = frame.firstSequence;
    if (frame.epoch !== this.#options.map.epoch) {
      this.#reply(key, encodeRejection(wrongEpoch(), 0, first, count, frame.flags));
      return false;
    }
    if ((frame.flags & FLAG_READ_ONLY) !== 0) return true;
    const admission = this.sessions.admit(key, first, count, frame.acknowledged, entry.timestampMs);
    if (admission === 'admitted') return true;
    for (const reply of answerAgain(this.sessions, admission, 0, key, first, count)) this.#reply(key, reply);
    return false;
  }

  #hand(run: SyncRun): void {
    const bytes = encodeSyncRun(run);
    for (const stream of streamsOf(run)) this.#ordered[stream - 1]?.send(bytes);
    this.#announce(run, run.index);
  }

  #account(): void {
    const { counters, log } = this.#options;
    counters.set('entries', this.#entries);
    counters.set('queuedBytes', this.#queuedBytes);
    counters.set('sessions', this.sessions.size);
    counters.set('connections', this.clients.connections);
    counters.set('logBytes', log.bytes);
    counters.set('lastIndex', log.lastIndex);
    counters.set('committedIndex', log.committedIndex);
  }
}
