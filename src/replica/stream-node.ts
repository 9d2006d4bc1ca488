/** One stream on this replica, wired: its clients, its log, its execution, its links to the other workers. */
import type { PartitionMap } from '../classifier/partition-map.js';
import type { Limits } from '../config/limits.js';
import type { PsmrError } from '../errors.js';
import { hasSession } from '../execution/session-table.js';
import { StreamExecutor, type ExecutionCounts, type StepOutcome } from '../execution/stream-executor.js';
import type { StreamPorts } from '../execution/stream-ports.js';
import type { ControlBlock } from '../memory/control-block.js';
import { Counter, type Counters } from '../memory/counters.js';
import { WorkState } from '../memory/recordings.js';
import { RingReader } from '../memory/ring.js';
import type { WorkRecording } from '../metrics/work-recording.js';
import type { Entry, GroupLog } from '../ordering/group-log.js';
import { Proposer } from '../ordering/proposer.js';
import { encodeSyncResults } from '../ordering/sync-results.js';
import { decodeSyncRun, type SyncRun } from '../ordering/sync-run.js';
import type { Service } from '../service/command.js';
import type { DeterminismGuard } from '../service/determinism-guard.js';
import { FLAG_READ_ONLY } from '../transport/frames.js';
import { ClientIntake, offeredFrame } from './client-intake.js';
import type { PollOutcome } from './duty-cycle.js';
import { FeedIntake, orderedByFeed } from './feed-intake.js';
import { GroupLeadership } from './leadership.js';
import { ReadQueue } from './read-queue.js';
import type { RingClientMemory } from './ring-client.js';
import { Subscriptions } from './subscriptions.js';
import { ExchangeLinks, OutgoingLink, type LinkMemory } from './stream-links.js';

export interface StreamNodeOptions {
  readonly stream: number;
  /** This replica's number; 0: the log is not replicated. */
  readonly replica: number;
  readonly service: Service;
  readonly map: PartitionMap;
  readonly limits: Limits;
  readonly guard: DeterminismGuard;
  readonly control: ControlBlock;
  readonly counters: Counters;
  /** Null: nothing but the counters is recorded. */
  readonly recording?: WorkRecording | null;
  readonly links: LinkMemory;
  readonly log: GroupLog;
  readonly wake: () => void;
  /** The wall's clock, for the timestamps of entries. */
  readonly nowMs: () => number;
  /** A clock that is never set back, for how long this thread works and waits. */
  readonly nowUs: () => number;
  /** Steps of execution between two looks at clients and log; simulation takes 1, to interleave finely. */
  readonly stepsPerPoll?: number;
  /** See StreamExecutor. */
  readonly exchangeBytes?: number;
  /** All partitions are marked now. */
  readonly checkpoint: (index: number, nextEntry: number) => void;
}

const STEPS_PER_POLL = 32;
/** After so long, us, what was executed is answered before more is: an entry may hold thousands of commands. */
const EXECUTE_US = 500;

export class StreamNode implements StreamPorts {
  readonly executor: StreamExecutor;
  readonly clients: ClientIntake;
  readonly #options: StreamNodeOptions;
  readonly #proposer: Proposer;
  readonly #exchange: ExchangeLinks;
  readonly #ordered: RingReader;
  readonly #results: OutgoingLink;
  readonly #reads: ReadQueue;
  readonly #leadership: GroupLeadership;
  readonly #subscriptions: Subscriptions;
  readonly #recoveredTo: number;
  #feed: FeedIntake | null = null;
  #run: SyncRun | null = null;
  #accepting = false;
  #waitingSinceUs = 0;
  #awaitedStream = 0;
  #waitingFor: StepOutcome = 'idle';

  constructor(options: StreamNodeOptions) {
    this.#options = options;
    const { stream, replica, service, map, limits, guard, control, recording, links, log, wake, nowMs } = options;
    const recorder = recording?.work ?? null;
    const { exchangeBytes } = options;
    this.executor = new StreamExecutor({ stream, service, map, guard, ports: this, limits, recorder, exchangeBytes });
    this.#leadership = new GroupLeadership({ group: stream, replica, log, control, wake });
    this.#subscriptions = new Subscriptions({
      group: stream,
      epoch: map.epoch,
      events: this.executor.events,
      log,
      wake,
      // Half is left for what is not an event.
      windowBytesMax: limits.unreadBytesMax / 2,
    });
    this.clients = this.#openIntake();
    const refusal = (): PsmrError => this.#leadership.refusal();
    this.#proposer = new Proposer({
      log,
      wanted: () => this.#wanted(),
      entryBytesMax: limits.entryBytesMax,
      nowMs,
      refusal,
    });
    this.#reads = new ReadQueue({
      log,
      wake,
      execute: ({ frame, route }) => {
        const reply = this.executor.executeReads(frame, nowMs());
        recording?.frames.answered(route.key, reply);
        return reply;
      },
      reject: (read, error) => this.clients.refuse(read.route.link, read.frame, error),
    });
    this.#exchange = new ExchangeLinks(stream, links, control);
    const syncBell = control.bell(0);
    this.#ordered = new RingReader(links.ordered[stream] as SharedArrayBuffer, syncBell);
    this.#results = new OutgoingLink(links.results[stream] as SharedArrayBuffer, syncBell);
    this.#recoveredTo = log.committedIndex;
  }

  /** Checkpoints are ordered by group 0. */
  proposeCheckpoint(): void {
    throw new Error('broken invariant: a stream does not order checkpoints');
  }

  /** Recovery may go on, and clients are served. */
  open(): void {
    this.#accepting = true;
    this.#options.wake();
  }

  addFeed(memory: RingClientMemory): void {
    this.#feed = new FeedIntake(memory, this.#options.limits.unreadBytesMax);
    this.#options.wake();
  }

  /** Everything that was known at the start to be committed has been executed. */
  get recovered(): boolean {
    return this.executor.executedIndex >= this.#recoveredTo;
  }

  get stuckAt(): number | null {
    const { executedIndex } = this.executor;
    return executedIndex < this.#options.log.committedIndex ? executedIndex : null;
  }

  poll(): PollOutcome {
    if (!this.#accepting) return 'park';
    if (this.#leadership.takeLoss()) this.#leadershipLost();
    let worked = this.#takeIn();
    worked = this.#proposer.flush() || worked;
    // Before anything of it is answered: engine.feed() asks whether clients have executed anything.
    this.#options.counters.set(Counter.lastIndex, this.#options.log.lastIndex);
    this.#reads.ask();
    worked = this.#exchange.flush() || worked;
    const outcome = this.#execute();
    worked = this.#reads.answer(this.executor.executedIndex) || worked || outcome === 'progress';
    worked = this.#subscriptions.pump(this.executor.executedIndex) || worked;
    worked = this.#results.flush() || worked;
    worked = this.clients.flushReplies() || worked;
    if (this.#feed !== null) worked = this.#feed.flush() || worked;
    this.#account(outcome);
    return worked ? 'progress' : this.#waitFor(outcome);
  }

  /** What disk and network bring comes through the event loop: spinning would only keep it waiting. */
  #waitFor(outcome: StepOutcome): PollOutcome {
    const { log, replica } = this.#options;
    if (outcome === 'awaiting-merge') return replica === 0 ? 'spin' : 'park';
    if (outcome !== 'idle') return 'spin';
    return replica !== 0 || log.committedIndex < log.lastIndex ? 'park' : 'spin';
  }

  /** Bytes taken in and neither executed, answered nor refused yet. */
  get queuedBytes(): number {
    return this.#proposer.bytes + this.#reads.bytes;
  }

  get feedReads(): boolean {
    return this.#feed !== null;
  }

  takeEntry(): Entry | null {
    const entry = this.#options.log.take();
    if (entry !== null) this.#proposer.taken(entry);
    return entry;
  }

  delivered(): number {
    return this.#options.control.delivered(this.#options.stream);
  }

  peekRun(): SyncRun | null {
    if (this.#run === null) {
      const bytes = this.#ordered.read();
      if (bytes !== null) this.#run = decodeSyncRun(bytes);
    }
    return this.#run;
  }

  dropRun(): void {
    this.#run = null;
  }

  readyToSend(): boolean {
    return this.#exchange.clear;
  }

  send(stream: number, message: Uint8Array): void {
    this.#exchange.send(stream, message);
  }

  receive(stream: number): Uint8Array | null {
    return this.#exchange.receive(stream);
  }

  reply(sessionKey: string, reply: Uint8Array, digest: number): void {
    if (this.#feed !== null && !hasSession(sessionKey)) this.#feed.reply(reply);
    else this.clients.reply(sessionKey, reply, digest);
  }

  syncResults(run: SyncRun, frames: readonly Uint8Array[]): void {
    this.#results.send(encodeSyncResults(run, frames));
  }

  checkpoint(index: number, nextEntry: number): void {
    this.#options.checkpoint(index, nextEntry);
  }

  #openIntake(): ClientIntake {
    const { stream, map, limits, control, counters, recording, wake } = this.#options;
    return new ClientIntake({
      group: stream,
      streams: map.streams,
      epoch: map.epoch,
      limits,
      counters,
      latency: recording?.frames ?? null,
      wake,
      queuedBytes: () => this.queuedBytes,
      subscriptions: this.#subscriptions,
      refused: (frame) => {
        if ((frame.flags & FLAG_READ_ONLY) !== 0) return null;
        if (control.fed) return orderedByFeed();
        return this.#leadership.leading ? null : this.#leadership.refusal();
      },
      accept: (frame, bytes, route) => {
        if ((frame.flags & FLAG_READ_ONLY) !== 0) this.#reads.add({ frame, bytes: bytes.byteLength, route });
        else this.#proposer.add(offeredFrame(this.clients, frame, bytes, route));
      },
    });
  }

  /**
   * In this order: what a feed has announced is seen only by those who see that there is a feed. Its entries bring
   * their own merge points.
   */
  #wanted(): number {
    const { control, stream } = this.#options;
    const announced = control.wanted(stream);
    return control.fed ? 0 : announced;
  }

  #leadershipLost(): void {
    const error = this.#leadership.refusal();
    this.#proposer.leadershipLost();
    this.#reads.rejectAll(error);
    this.clients.leadershipLost(error, this.#options.log.committedIndex);
  }

  #takeIn(): boolean {
    if (this.#feed === null) return this.clients.poll();
    const fed = this.#feed.poll(this.#proposer, STEPS_PER_POLL);
    return this.clients.poll() || fed;
  }

  #execute(): StepOutcome {
    const { nowUs } = this.#options;
    const until = nowUs() + EXECUTE_US;
    let worked = false;
    for (let steps = this.#options.stepsPerPoll ?? STEPS_PER_POLL; steps > 0; steps--) {
      const outcome = this.executor.step();
      if (outcome === 'awaiting-merge') this.#awaitMerge();
      if (outcome !== 'progress') return worked ? 'progress' : outcome;
      worked = true;
      if (nowUs() > until) break;
    }
    return 'progress';
  }

  /**
   * Group 0's worker rings once it has delivered this index; the next poll looks again before the thread parks. It may
   * have to fill the index first (invariant I3), so it is told.
   */
  #awaitMerge(): void {
    const { control, stream } = this.#options;
    const awaited = this.executor.awaitedSyncIndex;
    if (control.awaited(stream) === awaited) return;
    control.setAwaited(stream, awaited);
    control.bell(0).ring();
  }

  #account(outcome: StepOutcome): void {
    const { counters, log } = this.#options;
    const counts: ExecutionCounts = this.executor.counts;
    counters.set(Counter.commands, counts.commands + counts.unloggedReads);
    counters.set(Counter.crossCommands, counts.crossCommands);
    counters.set(Counter.failedCommands, counts.failedCommands);
    counters.set(Counter.unloggedReads, counts.unloggedReads);
    counters.set(Counter.entries, counts.entries);
    counters.set(Counter.frames, counts.frames);
    counters.set(Counter.framedCommands, counts.framedCommands);
    counters.set(Counter.rendezvous, counts.rendezvous);
    counters.set(Counter.queuedBytes, this.queuedBytes);
    this.#options.control.setTime(this.#options.stream, this.executor.timestampMs);
    counters.set(Counter.keys, this.executor.values.own.size);
    counters.set(Counter.sessions, this.executor.sessions.size);
    counters.set(Counter.connections, this.clients.connections);
    counters.set(Counter.logBytes, log.bytes);
    counters.set(Counter.committedIndex, log.committedIndex);
    counters.set(Counter.executedIndex, this.executor.executedIndex);
    if (outcome !== this.#waitingFor) this.#accountWait(outcome);
    else if (outcome === 'awaiting-rendezvous') this.#noteAwaited();
  }

  #accountWait(outcome: StepOutcome): void {
    const { counters, recording, nowUs } = this.#options;
    const now = nowUs();
    const waited = now - this.#waitingSinceUs;
    if (this.#waitingFor === 'awaiting-merge') counters.add(Counter.mergeWaitUs, waited);
    if (this.#waitingFor === 'awaiting-rendezvous') {
      counters.add(Counter.rendezvousWaitUs, waited);
      recording?.states.met(this.#awaitedStream);
    }
    this.#waitingFor = outcome;
    this.#waitingSinceUs = now;
    this.#noteAwaited();
  }

  /** Others of the streams that are to meet may have come meanwhile: one that is missing still comes after these. */
  #noteAwaited(): void {
    this.#awaitedStream = this.executor.awaitedStream;
    this.#options.recording?.states.waits(stateOf(this.#waitingFor), this.#awaitedStream);
  }
}

function stateOf(outcome: StepOutcome): WorkState {
  if (outcome === 'awaiting-merge') return WorkState.merge;
  return outcome === 'awaiting-rendezvous' ? WorkState.rendezvous : WorkState.idle;
}
