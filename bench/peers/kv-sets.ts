/** The writes that every peer is given. */
import type { Outcome } from '../../src/client/call.js';
import { invariant } from '../../src/errors.js';
import type { BenchCommand } from '../workloads/workload.js';
import { kvJob } from './kv-load.js';

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/** The same that psmr's clients send: each sets a random key to a value of 32 bytes. */
export function kvSets(keys: number): readonly BenchCommand[] {
  return kvJob({ keys, clients: 1, batch: 1, outstanding: 1 }).commands;
}

export function setOf([name, args]: BenchCommand): KeyValue {
  invariant(name === 'set', `a peer was given a '${name}'`);
  // The workload's, so they are what the service's `set` takes.
  return args as KeyValue;
}

/** A peer that has done all says no more than that. */
export function done(commands: readonly BenchCommand[]): Outcome[] {
  return commands.map(() => DONE);
}

const DONE: Outcome = { ok: true, value: undefined };
