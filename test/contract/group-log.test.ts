import { describeGroupLog } from './group-log-suite.js';
import { durablePlace, memoryPlace } from './local-group-log.js';

describeGroupLog('in memory', memoryPlace);
describeGroupLog('durable', (seed) => durablePlace(seed, 'sync'));
describeGroupLog('durable, not waiting for the disk', (seed) => durablePlace(seed, 'async'));
