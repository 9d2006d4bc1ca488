/** Workloads that run the services of examples/ as they are. */
import type { Workload } from '../workload.js';
import { configWorkload } from './config.js';
import { exchangeWorkload } from './exchange.js';
import { kvRangesWorkload } from './kv-ranges.js';
import { ledgerWorkload } from './ledger.js';

export const EXAMPLE_NAMES = ['kv-ranges', 'ledger', 'exchange', 'config'] as const;
export type ExampleName = (typeof EXAMPLE_NAMES)[number];

export const EXAMPLE_WORKLOADS: Readonly<Record<ExampleName, Workload>> = {
  'kv-ranges': kvRangesWorkload,
  ledger: ledgerWorkload,
  exchange: exchangeWorkload,
  config: configWorkload,
};

/** Their handlers are made to be read: large defaults of others would make a start of minutes. */
export const EXAMPLE_KEYS: Readonly<Record<ExampleName, number>> = {
  'kv-ranges': 100_000,
  ledger: 100_000,
  exchange: 1000,
  config: 100_000,
};

/** Of exchange. */
export const SYMBOLS_MAX = 20_000;

export function isExample(workload: string): workload is ExampleName {
  return EXAMPLE_NAMES.some((name) => name === workload);
}
