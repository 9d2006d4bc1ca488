/** Three members of etcd on this machine, as it comes, each write synced to disk. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { PsmrError } from '../../src/errors.js';
import { endProgram, startProgram } from './child.js';
import { freePort } from './free-port.js';
import type { Resources } from './resources.js';

const MISSING = 'etcd is needed for this comparison: apt-get install etcd-server';
const MEMBERS = [1, 2, 3];
const LEADER_LIMIT_MS = 60_000;
const LOOK_MS = 100;

const statusSchema = z.object({ header: z.object({ member_id: z.string() }), leader: z.string() });

/** The address of the leader for clients. */
export async function startEtcdTrio(resources: Resources): Promise<string> {
  const directory = await resources.directory();
  const members: { name: string; client: string; peer: string }[] = [];
  for (const number of MEMBERS) {
    const [client, peer] = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`];
    members.push({ name: `member${number}`, client, peer });
  }
  const cluster = members.map(({ name, peer }) => `${name}=${peer}`).join(',');
  for (const { name, client, peer } of members) {
    const urls = ['--listen-client-urls', client, '--advertise-client-urls', client];
    const peers = ['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', cluster];
    const quiet = ['--log-level', 'fatal', '--logger', 'zap'];
    const args = ['--name', name, '--data-dir', join(directory, name), ...urls, ...peers, ...quiet];
    const member = await startProgram('etcd', args, MISSING);
    member.stdout.resume();
    resources.onClose(() => endProgram(member));
  }
  return leaderOf(members.map(({ client }) => client));
}

async function leaderOf(urls: readonly string[]): Promise<string> {
  const deadline = performance.now() + LEADER_LIMIT_MS;
  while (performance.now() < deadline) {
    const leads = await Promise.all(urls.map(async (url) => ((await leadsItself(url)) ? [url] : [])));
    const [leader] = leads.flat();
    if (leader !== undefined) return leader;
    await pause(LOOK_MS);
  }
  throw new PsmrError('UNREACHABLE', `etcd had no leader in ${LEADER_LIMIT_MS} ms.`);
}

async function leadsItself(url: string): Promise<boolean> {
  const answer = fetch(`${url}/v3/maintenance/status`, {
    method: 'POST',
    body: '{}',
    signal: AbortSignal.timeout(2000),
  });
  const status: unknown = await answer.then((told) => told.json()).catch(() => null);
  const { data } = statusSchema.safeParse(status);
  return data !== undefined && data.leader === data.header.member_id;
}
