import { describeGroupLog } from './group-log-suite.js';
import { durablePlace, memoryPlace } from './local-group-log.js';
import { raftPlace } from './raft-group-log-place.js';

describeGroupLog('in memory', memoryPlace);
describeGroupLog('durable', (seed) => durablePlace(seed, 'sync'));
describeGroupLog('durable, not waiting for the disk', (seed) => durablePlace(seed, 'async'));
describeGroupLog('replicated, one voter', (seed) => raftPlace(seed, 1));
describeGroupLog('replicated, three voters', (seed) => raftPlace(seed, 3));
