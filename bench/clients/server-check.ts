/** Whether a server elsewhere is what the options say of it. */
import { PartitionMap } from '../../src/classifier/partition-map.js';
import { systemClock } from '../../src/client/client-clock.js';
import { Topology } from '../../src/client/topology.js';
import { type DialOptions, webSocketDial } from '../../src/client/web-socket.js';
import { PsmrError } from '../../src/errors.js';

const CONNECT_TIMEOUT_MS = 5_000;

export interface ExpectedServer {
  readonly replicas: readonly string[];
  readonly service: string;
  readonly token: string | null;
  readonly streams: number;
  readonly tls: DialOptions;
}

/**
 * Rejects with INVALID_ARGUMENT where the server has another number of streams: the result would name the wrong one, and
 * shares of cross-stream commands would be others. Else rejects as `connect`.
 */
export async function checkServer({ replicas, service, token, streams, tls }: ExpectedServer): Promise<void> {
  const dial = await webSocketDial(tls);
  const options = { replicas, service, token, connectTimeoutMs: CONNECT_TIMEOUT_MS, dial, clock: systemClock };
  const { partitionMap } = await new Topology(options).learn();
  const found = PartitionMap.fromJson(partitionMap).streams;
  if (found === streams) return;
  const say = found === 1 ? '--technique smr' : `--technique p-smr --streams ${found}`;
  throw new PsmrError(
    'INVALID_ARGUMENT',
    `--connect: that server has ${found} streams, where ${streams} were expected. Say ${say}, or start it with other streams.`,
  );
}
