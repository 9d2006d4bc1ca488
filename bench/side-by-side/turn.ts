import type { ClosedLoad } from '../peers/closed-load.js';
import type { PipelinedSets } from '../peers/pipelined-sets.js';
import type { ClientFed } from '../techniques/client-fed.js';
import { rateOf, type Sample } from '../techniques/technique.js';
import type { Run, Turn } from './row.js';

const US_PER_MS = 1000;

export function runOf(load: ClosedLoad | PipelinedSets | ClientFed): Run {
  return async (seconds) => turnOf(await load.run(seconds));
}

export function turnOf(sample: Sample): Turn {
  const summary = sample.latencies?.summary() ?? null;
  if (summary === null) return { commandsPerSecond: rateOf(sample), p50Ms: null, p99Ms: null };
  const [p50Ms, p99Ms] = [summary.p50 / US_PER_MS, summary.p99 / US_PER_MS];
  return { commandsPerSecond: rateOf(sample), p50Ms, p99Ms };
}
