/** What comes before a replica's workers run, with the other replicas' HTTP endpoints pretended. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { describeCluster } from '../../src/config/cluster.js';
import type { PsmrError } from '../../src/errors.js';
import { ReplicaHttp } from '../../src/replica/admin/replica-http.js';
import type { ReplicaStatus } from '../../src/replica/admin/replica-status.js';
import { jsonAnswer, openHttpEndpoint, type HttpEndpoint } from '../../src/replica/http-endpoint.js';
import { joinCluster, type Joined } from '../../src/replica/join-cluster.js';
import { ReplicaMemory } from '../../src/replica/replica-memory.js';
import type { ReplicaSettings } from '../../src/replica/replica-settings.js';
import type { CertificateFiles } from '../../src/transport/listen-failure.js';
import { Certificates } from '../transport/certificates.js';

const FORMED = { '1': 'a', '2': 'b', '3': 'c' };

interface JoinOptions {
  readonly rebuild?: boolean;
  readonly tls?: ReplicaSettings['tls'];
  /** Of replica 1. */
  readonly theirTls?: CertificateFiles;
}

/** Replica 3 comes with an empty directory to replica 1, which says this of itself; replica 2 is away. */
class Newcomer {
  readonly said: string[] = [];
  readonly #over = new AbortController();
  readonly #settings: ReplicaSettings;

  private constructor(httpPort: number, rebuild: boolean, tls: ReplicaSettings['tls']) {
    const place = (id: number, http: number): object => ({
      ...{ id, hosts: ['127.0.0.1'], port: 20_000 + 100 * id, peerPort: 20_050 + 100 * id },
      http: { host: '127.0.0.1', port: http },
    });
    const replicas = [place(1, httpPort), place(2, 1), place(3, 0)];
    const config = { name: 'shop', secret: 'a secret of the cluster', replicas } as Parameters<
      typeof describeCluster
    >[0];
    const cluster = { ...describeCluster(config, ['1', '2'], null), warnings: [] };
    const [own, ownConfig] = [cluster.replicas[2], config.replicas[2]];
    if (own === undefined || ownConfig === undefined) throw new Error('there are three');
    this.#settings = { cluster, secret: 'a secret of the cluster', own, ownConfig, rebuild, tls };
    onTestFinished(() => this.#over.abort(new Error('over')));
  }

  /** `asked`: what replica 1 was asked to do. */
  static async meets(
    first: Partial<ReplicaStatus>,
    asked: string[],
    { rebuild = true, tls = null, theirTls }: JoinOptions = {},
  ): Promise<Newcomer> {
    const known = [1, 2, 3].map((id) => ({ id, url: '', reachable: false }));
    const status: ReplicaStatus = {
      ...{ replica: 1, cluster: 'shop', service: 'bank', epoch: 7, state: 'running', reason: null, transfer: null },
      ...{ upMs: 1, groups: [], checkpoint: null, lastAgreedCheckpoint: null, replicas: known },
      formation: { incarnation: 'a', formed: FORMED },
      ...first,
    };
    const http = await openHttpEndpoint({
      ...{ host: '127.0.0.1', port: 0, tls: theirTls },
      routes: [
        { method: 'GET', path: '/status', handle: () => jsonAnswer(status) },
        ...['/challenge', '/members', '/leader'].map((path) => ({
          ...{ method: 'POST' as const, path },
          handle: () => {
            asked.push(path);
            return jsonAnswer({});
          },
        })),
      ],
    });
    onTestFinished(() => http.close());
    return new Newcomer(http.address.port, rebuild, tls);
  }

  async joins(): Promise<PsmrError> {
    return this.takesPart(newDirectory()).then(
      () => Promise.reject(new Error('it takes part')),
      (error: unknown) => error as PsmrError,
    );
  }

  takesPart(dataDir: string): Promise<Joined> {
    const onProblem = ({ message }: PsmrError): void => void this.said.push(message);
    const options = { service: 'bank', epoch: 7, dataDir, signal: this.#over.signal, onProblem };
    return joinCluster(this.#settings, options);
  }
}

function newDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'psmr-join-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

describe('a replica that is to be rebuilt', () => {
  it.each([
    ['runs another service', { service: 'stock' }, 'WRONG_SERVICE', /\("stock", here it is "bank"\)/],
    ['has another partition map', { epoch: 8 }, 'WRONG_EPOCH', /the same streams and key classes/],
  ] as const)('is refused before it changes anything where the cluster %s', async (_, first, code, sentence) => {
    const asked: string[] = [];
    const error = await (await Newcomer.meets(first, asked)).joins();
    expect(error).toMatchObject({ code, message: expect.stringMatching(sentence) as string });
    expect(asked).toEqual([]);
  });

  it('is refused where a replica of its number runs', { timeout: 20_000 }, async () => {
    const asked: string[] = [];
    const replicas = [1, 2, 3].map((id) => ({ id, url: '', reachable: true }));
    const error = await (await Newcomer.meets({ replicas }, asked)).joins();
    expect(error).toMatchObject({ code: 'DUPLICATE_REPLICA' });
    expect(asked).toEqual([]);
  });
});

describe('a replica of a new cluster', () => {
  const empty = { formation: { incarnation: 'a', formed: null } };

  it.each([
    [{ ...empty, cluster: 'other' }, /At http:\/\/127.0.0.1:\d+ is replica 1 of cluster "other"$/],
    [{ cluster: 'other' }, /waits for replicas 1, 2: .*is replica 1 of cluster "other"$/],
    [{ ...empty, service: 'stock' }, /waits for replicas 1, 2: .*Replica 1 runs another service \("stock"/],
    [{ ...empty, epoch: 8 }, /waits for replicas 1, 2: .*Replica 1 has another partition map/],
  ])('waits for those that fit, and says who does not: %j', async (first, sentence) => {
    const newcomer = await Newcomer.meets(first, [], { rebuild: false });
    void newcomer.joins();
    await expect.poll(() => newcomer.said, { timeout: 10_000 }).toEqual([expect.stringMatching(sentence)]);
  });

  it('says so where TLS keeps another apart', async () => {
    const certificates = new Certificates();
    onTestFinished(() => certificates.remove());
    const [files, theirTls] = [certificates.of('ours'), certificates.of('theirs')];
    const tls = { ...files, ca: readFileSync(files.caFile, 'utf8') };
    const untrusting = await Newcomer.meets(empty, [], { rebuild: false, tls, theirTls });
    const withoutTls = await Newcomer.meets(empty, [], { rebuild: false, theirTls });
    const alone = await Newcomer.meets(empty, [], { rebuild: false, tls });
    for (const [newcomer, sentence] of [
      [
        untrusting,
        /waits for replicas 1, 2: .*The certificate of https:\S+ is not accepted: self-signed certificate in/,
      ],
      [withoutTls, /waits for replicas 1, 2: .*What answers at http:\S+ listens with TLS/],
      [alone, /waits for replicas 1, 2: .*What answers at https:\S+ listens without TLS/],
    ] as const) {
      void newcomer.joins();
      await expect.poll(() => newcomer.said, { timeout: 10_000 }).toEqual([expect.stringMatching(sentence)]);
    }
  });

  it('is seen by those that have not seen it yet, from when it takes part to its end', async () => {
    const { url, formed } = await oneThatTakesPart();
    const answer = await fetch(`${url}/status`);
    expect(await answer.json()).toMatchObject({ state: 'recovering', reason: null, formation: { formed } });
  });

  it('says to whoever asks for more than its status that it does not take part yet', async () => {
    const { url, http } = await oneThatTakesPart();
    const refusal = { code: 'UNREACHABLE', details: { takesPart: false } };
    for (const request of [
      new Request(`${url}/replicas`, { method: 'POST', body: '{}' }),
      new Request(`${url}/stats`),
    ]) {
      const answer = await fetch(request);
      expect(answer.status).toBe(503);
      expect(await answer.json()).toMatchObject({ error: refusal });
    }
    const asking = new ReplicaHttp({ url, secret: 'a secret of the cluster' });
    const message = expect.stringContaining('does not take part yet') as string;
    await expect(asking.post('/replicas', {})).rejects.toMatchObject({ ...refusal, message });
    http.serve([]);
    expect((await fetch(`${url}/stats`)).status, 'from when others are served').toBe(404);
  });

  it('is refused where that has been formed without it', async () => {
    const error = await (await Newcomer.meets({}, [], { rebuild: false })).joins();
    expect(error).toMatchObject({ code: 'DATA_MISMATCH', message: expect.stringContaining('--rebuild') as string });
  });
});

/** Replica 3 of a cluster that has formed; its workers are still to be started. */
async function oneThatTakesPart(): Promise<{ url: string; http: HttpEndpoint; formed: Record<string, string> }> {
  const directory = newDirectory();
  const { incarnation } = ReplicaMemory.open(directory, { cluster: 'shop', replica: 3 });
  const formed = { ...FORMED, '3': incarnation };
  const newcomer = await Newcomer.meets({ formation: { incarnation: 'a', formed } }, [], { rebuild: false });
  const { http } = await newcomer.takesPart(directory);
  onTestFinished(() => http.close());
  return { url: `http://127.0.0.1:${http.address.port}`, http, formed };
}
