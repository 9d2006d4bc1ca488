import { onTestFinished } from 'vitest';
import { Child } from './child.js';
import { serviceUrl } from './compiled.js';
import type { ServerProgramOptions } from './programs/server.js';

export interface Server {
  readonly child: Child;
  /** What clients connect to. */
  readonly url: string;
  /** Of each group, group 0 first. */
  readonly ports: readonly number[];
}

/** A server in a process of its own, that is killed when the test has ended. `within`: as for `Child`. */
export async function startServer(
  service: string,
  options: Omit<ServerProgramOptions, 'service'>,
  within: readonly string[] = [],
): Promise<Server> {
  const child = new Child('server', { ...options, service: serviceUrl(service).href }, within);
  onTestFinished(() => child.kill());
  return { child, ...((await child.json()) as { url: string; ports: number[] }) };
}
