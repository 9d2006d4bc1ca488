/**
 * The client proxy, the same for a remote client and one in the engine's process: classifies commands, hands each to
 * its group's channel, and sees to it that every call ends.
 */
import { messageOf, PsmrError } from '../errors.js';
import type { ChannelHost, Rerouted } from './channel-host.js';
import { BatchCall, type Call, type Outcome, SingleCall } from './call.js';
import type { ClientClock } from './client-clock.js';
import { clientClosed } from './client-errors.js';
import type { ClientLimits } from './client-limits.js';
import type { Commands } from './command-queue.js';
import type { Router } from './command-router.js';
import { GroupChannel } from './group-channel.js';
import type { OpenLink } from './group-link.js';
import { MapChange } from './map-change.js';
import { createSessionId } from './session-id.js';

/** How often deadlines are looked at, as a part of the time allowed. */
const EXPIRY_CHECKS_PER_TIMEOUT = 4;
const EXPIRY_CHECK_MAX_MS = 1000;

export interface ClientCoreOptions {
  readonly router: Router;
  readonly openLink: OpenLink;
  readonly limits: ClientLimits;
  readonly clock: ClientClock;
  /** Which replica answers read-only commands of one stream. */
  readonly reads: 'leader' | 'any';
  /** The server's clock, ms since 1970, for session ids. */
  serverNowMs(): number;
  /** Asks for the newest partition map. Rejects with a PsmrError. */
  learn(): Promise<Router>;
}

export class ClientCore implements ChannelHost {
  readonly clock: ClientClock;
  readonly limits: ClientLimits;
  readonly openLink: OpenLink;
  readonly readsAnywhere: boolean;
  readonly #options: ClientCoreOptions;
  readonly #channels: (GroupChannel | undefined)[] = [];
  readonly #mapChange: MapChange;
  #router: Router;
  #outstanding = 0;
  /** Channels with new commands, pumped together once the code that runs now is through. */
  #dirty: GroupChannel[] = [];
  #scheduled = false;
  /** Of commands submitted in this turn. */
  #deadline = 0;
  #cancelExpiry: (() => void) | null = null;
  #end: PsmrError | null = null;

  constructor(options: ClientCoreOptions) {
    this.#options = options;
    this.#router = options.router;
    this.clock = options.clock;
    this.limits = options.limits;
    this.openLink = options.openLink;
    this.readsAnywhere = options.reads === 'any';
    this.#mapChange = new MapChange({
      clock: this.clock,
      epoch: () => this.epoch(),
      learn: () => this.#learn(),
      submitAgain: (commands) => this.#submitAgain(commands),
      fail: (commands, error) => this.#failRerouted(commands, error),
    });
  }

  /** Commands without an answer yet. */
  get outstanding(): number {
    return this.#outstanding;
  }

  execute(name: string, args: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => this.#submit(name, args, new SingleCall(resolve, reject), 0));
  }

  executeBatch(commands: readonly (readonly [name: string, args?: unknown])[]): Promise<Outcome[]> {
    if (!isList(commands)) return Promise.reject(noBatch());
    return new Promise((resolve) => {
      const call = new BatchCall(commands.length, resolve);
      let slot = 0;
      for (const command of commands) {
        if (isList(command)) this.#submit(command[0], command[1], call, slot);
        else call.fail(slot, noCommand(slot));
        slot++;
      }
    });
  }

  /** Every call without an answer fails: CLIENT_CLOSED, or OUTCOME_UNKNOWN where a server may have its command. */
  close(): void {
    this.#finish(clientClosed(), (channel) => channel.close());
  }

  #submit(name: string, args: unknown, call: Call, slot: number): void {
    if (this.#end !== null) return call.fail(slot, this.#end);
    if (this.#outstanding >= this.limits.outstandingMax) return call.fail(slot, tooMany(this.limits.outstandingMax));
    if (!this.#scheduled) this.#schedule();
    if (this.#enqueue(name, args, call, slot, this.#deadline)) this.#outstanding++;
  }

  /** False: the command is wrong, and its caller knows. */
  #enqueue(name: string, args: unknown, call: Call, slot: number, deadline: number): boolean {
    try {
      const { type, group, mask } = this.#router.route(name, args);
      const channel = (this.#channels[group] ??= new GroupChannel(group, this));
      channel.queueFor(type).push(type, args, mask, call, slot, deadline);
      if (!channel.dirty) {
        channel.dirty = true;
        this.#dirty.push(channel);
      }
      return true;
    } catch (thrown) {
      call.fail(slot, thrown instanceof PsmrError ? thrown : new PsmrError('INVALID_ARGUMENTS', messageOf(thrown)));
      return false;
    }
  }

  #schedule(): void {
    this.#scheduled = true;
    this.#deadline = this.clock.now() + this.limits.requestTimeoutMs;
    this.clock.soon(() => this.#flush());
  }

  #flush(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    this.#scheduled = false;
    for (const channel of dirty) {
      channel.dirty = false;
      channel.pump();
    }
    this.#watchDeadlines();
  }

  #watchDeadlines(): void {
    if (this.#cancelExpiry !== null || this.#outstanding === 0 || this.limits.requestTimeoutMs === Infinity) return;
    const everyMs = Math.min(EXPIRY_CHECK_MAX_MS, this.limits.requestTimeoutMs / EXPIRY_CHECKS_PER_TIMEOUT);
    this.#cancelExpiry = this.clock.after(everyMs, () => {
      this.#cancelExpiry = null;
      const now = this.clock.now();
      for (const channel of this.#channels) channel?.expire(now);
      this.#watchDeadlines();
    });
  }

  epoch(): number {
    return this.#router.epoch;
  }

  newSession(): Uint8Array {
    return createSessionId(this.#options.serverNowMs());
  }

  settled(count: number): void {
    this.#outstanding -= count;
  }

  reroute(commands: readonly Rerouted[], epoch: number): void {
    this.#mapChange.reroute(commands, epoch);
  }

  ended(error: PsmrError): void {
    this.#finish(error, (channel) => channel.fail(error));
  }

  #finish(error: PsmrError, end: (channel: GroupChannel) => void): void {
    if (this.#end !== null) return;
    this.#end = error;
    for (const channel of this.#channels) if (channel !== undefined) end(channel);
    this.#mapChange.end(error);
    this.#cancelExpiry?.();
    this.#cancelExpiry = null;
  }

  async #learn(): Promise<void> {
    const router = await this.#options.learn();
    if (router.epoch === this.#router.epoch) return;
    this.#router = router;
    for (const channel of this.#channels) {
      if (channel === undefined) continue;
      for (const queued of channel.takeQueued()) this.#submitQueued(queued);
    }
  }

  #submitQueued({ types, args, calls, slots, deadlines }: Commands): void {
    types.forEach(({ name }, at) => {
      const call = calls[at];
      if (call !== undefined) this.#submitOne(name, args[at], call, slots[at] ?? 0, deadlines[at] ?? 0);
    });
  }

  #submitAgain(commands: readonly Rerouted[]): void {
    for (const { name, args, call, slot, deadline } of commands) this.#submitOne(name, args, call, slot, deadline);
  }

  #submitOne(name: string, args: unknown, call: Call, slot: number, deadline: number): void {
    if (!this.#scheduled) this.#schedule();
    if (this.#end !== null) call.fail(slot, this.#end);
    else if (this.#enqueue(name, args, call, slot, deadline)) return;
    this.settled(1);
  }

  #failRerouted(commands: readonly Rerouted[], error: PsmrError): void {
    for (const { call, slot } of commands) call.fail(slot, error);
    this.settled(commands.length);
  }
}

function tooMany(limit: number): PsmrError {
  return new PsmrError(
    'OVERLOADED',
    `The command was not sent: ${limit} commands of this client await their answers (limits.outstandingMax). Wait for some of them first.`,
  );
}

/** Types do not keep JavaScript from giving something else. */
function isList(value: unknown): boolean {
  return Array.isArray(value);
}

function noBatch(): PsmrError {
  return new PsmrError('INVALID_ARGUMENTS', 'executeBatch takes a list of commands, each [name, arguments].');
}

function noCommand(slot: number): PsmrError {
  return new PsmrError('INVALID_ARGUMENTS', `Command ${slot} of the batch is no [name, arguments] list.`);
}
