import config from '../../examples/config/service.js';
import exchange from '../../examples/exchange/service.js';
import kvRanges from '../../examples/kv/service.js';
import ledger from '../../examples/ledger/service.js';
import type { ServiceDefinition } from '../../src/service/define-service.js';
import type { BenchOptions } from '../options/bench-options.js';
import bank from './bank.js';
import blocks from './blocks.js';
import kv from './kv.js';
import netfs from './netfs.js';

/** The service of a workload: clients classify by its keys. */
export function serviceOf(workload: BenchOptions['workload']): ServiceDefinition {
  switch (workload) {
    case 'kv':
      return kv;
    case 'bank':
      return bank;
    case 'blocks':
      return blocks;
    case 'netfs':
      return netfs;
    case 'kv-ranges':
      return kvRanges;
    case 'ledger':
      return ledger;
    case 'exchange':
      return exchange;
    case 'config':
      return config;
  }
}
