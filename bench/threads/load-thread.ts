/** Thread entry point: clients that make load. Hosted by piscina. */
import { readAuthorities } from '../../src/cli/authorities.js';
import { connect } from '../../src/client/connect.js';
import { attach } from '../../src/replica/attach.js';
import type { EnginePort } from '../../src/replica/engine-port.js';
import type { ServiceDefinition } from '../../src/service/define-service.js';
import type { LoadClient } from '../clients/batch-client.js';
import { checkServer } from '../clients/server-check.js';
import { Load, type LoadShare } from '../clients/load.js';
import { realClock } from '../clients/load-clock.js';
import { serviceOf } from '../services/service-of.js';
import { createJob, type JobRecipe } from '../workloads/bench-job.js';
import type { ThreadStart } from './bench-threads.js';
import { answerCalls } from './thread-calls.js';

/** Connections to a server that is to have so many streams. */
export interface ServerClients {
  readonly replicas: readonly string[];
  readonly count: number;
  readonly streams: number;
}

export interface LoadTask {
  readonly recipe: JobRecipe;
  readonly share: LoadShare;
  /** One port per client, or a server elsewhere. */
  readonly clients: readonly EnginePort[] | ServerClients;
}

/** What one thread measured; latencies as text. */
export interface EncodedSample {
  readonly commands: number;
  readonly seconds: number;
  readonly latencies: string;
}

export interface LoadCalls extends Record<string, (argument: never) => unknown> {
  /** Connects, and gets the commands ready. */
  open(): Promise<void>;
  /** One thread's call: fills the state. */
  fill(): Promise<void>;
  run(seconds: number): Promise<EncodedSample>;
  /** The sum that the workload conserves, as the service has it; 0: it conserves none. */
  conserved(): Promise<number>;
  /** What this thread's commands have added to it. */
  added(): number;
  close(): Promise<void>;
}

export default async function run({ task, port }: ThreadStart<LoadTask>): Promise<void> {
  let opened: Load | null = null;
  const load = (): Load => {
    if (opened === null) throw new Error('broken invariant: open comes first');
    return opened;
  };
  const calls: LoadCalls = {
    open: async () => {
      opened = new Load(createJob(task.recipe), task.share, await clientsOf(task));
    },
    fill: () => load().fill(),
    run: async (seconds: number) => {
      const { commands, seconds: taken, latencies } = await load().run(seconds, realClock);
      return { commands, seconds: taken, latencies: latencies?.encode() ?? '' };
    },
    conserved: () => load().conserved(),
    added: () => load().added(),
    close: async () => opened?.close(),
  };
  await answerCalls(port, calls);
}

async function clientsOf({ clients, recipe }: LoadTask): Promise<LoadClient[]> {
  if (!('replicas' in clients)) return Promise.all(clients.map((port) => attach<ServiceDefinition>(port)));
  const { replicas, count, streams } = clients;
  const service = serviceOf(recipe.options.workload);
  const token = process.env['PSMR_TOKEN'];
  const { tlsCa } = recipe.options;
  const tls = tlsCa === null ? {} : { ca: readAuthorities(tlsCa) };
  await checkServer({ replicas, service: service.name, token: token ?? null, streams, tls });
  const options = { replicas, service, tls, ...(token === undefined ? {} : { token }) };
  return Promise.all(Array.from({ length: count }, () => connect<ServiceDefinition>(options)));
}
