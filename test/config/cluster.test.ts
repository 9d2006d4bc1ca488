import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkCluster } from '../../src/config/cluster-check.js';
import { describeNewReplica, replicaOf, type Cluster } from '../../src/config/cluster.js';
import { preferredLeader } from '../../src/config/preferred-leader.js';
import { loadConfig, parseConfig } from '../../src/config/config.js';
import { resolveEngineOptions } from '../../src/replica/engine-options.js';
import { codeAndMessage } from '../service/thrown.js';

const SECRET = 'sixteen letters!';
const directory = mkdtempSync(join(tmpdir(), 'psmr-cluster-'));
afterAll(() => rmSync(directory, { recursive: true }));

const apart = (id: number): object => ({ id, hosts: [`10.0.0.${id}`, `10.0.1.${id}`] });
const together = (id: number): object => ({
  id,
  hosts: ['127.0.0.1'],
  port: 7000 + 100 * id,
  peerPort: 7050 + 100 * id,
  http: { port: 7090 + 100 * id },
});
const THREE = { name: 'bank', secret: SECRET, replicas: [1, 2, 3].map(apart) };
const configOf = (cluster: object): object => ({ streams: 3, dataDir: 'data', cluster });

function clusterOf(cluster: object): Cluster {
  const described = checkCluster(parseConfig(configOf(cluster)), null);
  if (described === null) throw new Error('no cluster');
  return described;
}

describe('addresses', () => {
  it('spread groups over the interfaces, and count ports up from group 0', () => {
    const [, second] = clusterOf(THREE).replicas;
    expect(second).toEqual({
      id: 2,
      clients: [
        { host: '10.0.0.2', port: 7400 },
        { host: '10.0.1.2', port: 7401 },
        { host: '10.0.0.2', port: 7402 },
        { host: '10.0.1.2', port: 7403 },
      ],
      peers: [
        { host: '10.0.0.2', port: 7600 },
        { host: '10.0.1.2', port: 7601 },
        { host: '10.0.0.2', port: 7602 },
        { host: '10.0.1.2', port: 7603 },
      ],
      http: { host: '10.0.0.2', port: 7390 },
    });
  });

  it('of single groups are set by interfaces, by number and by name', () => {
    const config = parseConfig({
      streams: [{ name: 'hot' }, {}],
      cluster: { ...THREE, interfaces: { 0: 1, hot: 0, 2: 1 } },
    });
    const hosts = checkCluster(config, null)?.replicas[0]?.peers.map(({ host }) => host);
    expect(hosts).toEqual(['10.0.1.1', '10.0.0.1', '10.0.1.1']);
  });

  it('of several replicas on one machine do not meet when their ports lie apart', () => {
    const cluster = clusterOf({ ...THREE, replicas: [3, 1, 2].map(together) });
    expect(cluster.replicas.map(({ id }) => id)).toEqual([1, 2, 3]);
    const all = cluster.replicas.flatMap(({ clients, peers, http }) => [...clients, ...peers, http]);
    expect(new Set(all.map(({ port }) => port)).size).toBe(27);
    expect(replicaOf(cluster, 3)?.http).toEqual({ host: '127.0.0.1', port: 7390 });
    expect(replicaOf(cluster, 4)).toBeNull();
  });
});

describe('a replica that is added later', () => {
  const cluster = clusterOf({ ...THREE, interfaces: { 0: 1 } });

  it('is reached by the same rules', () => {
    const added = describeNewReplica(cluster, { id: 4, hosts: ['10.0.0.4', '10.0.1.4'], port: 8000 });
    expect(added.clients.map(({ host, port }) => `${host}:${port}`)).toEqual([
      ...['10.0.1.4:8000', '10.0.1.4:8001', '10.0.0.4:8002', '10.0.1.4:8003'],
    ]);
  });

  it('needs the interfaces that the others have', () => {
    const [code, message] = codeAndMessage(() => describeNewReplica(cluster, { id: 4, hosts: ['10.0.0.4'] }));
    expect([code, message]).toEqual([
      'INVALID_CONFIG',
      expect.stringContaining('it has 1; cluster.interfaces needs 2'),
    ]);
  });
});

describe('leaders', () => {
  it('are spread over the members by rising id, group 0 first', () => {
    expect([0, 1, 2, 3, 4].map((group) => preferredLeader([3, 1, 2], group))).toEqual([1, 2, 3, 1, 2]);
    expect([0, 1, 2].map((group) => preferredLeader([4, 2, 3], group))).toEqual([2, 3, 4]);
  });
});

describe('timing', () => {
  it('has defaults: no lease unless reads go by it', () => {
    expect(clusterOf(THREE).timing).toEqual({ heartbeatMs: 50, electionMs: 250, leaseMs: 0 });
    expect(clusterOf({ ...THREE, reads: 'lease' }).timing.leaseMs).toBe(150);
    expect(clusterOf({ ...THREE, heartbeatMs: 200 }).timing.electionMs).toBe(1000);
  });
});

describe('numbers of replicas', () => {
  it.each([
    [1, 'survives no loss'],
    [2, 'survives the loss of 0'],
    [4, 'survives the loss of 1, no more than one of 3 does'],
  ])('%d are allowed, with a warning', (count, warning) => {
    const ids = Array.from({ length: count }, (_, at) => at + 1);
    expect(clusterOf({ ...THREE, replicas: ids.map(apart) }).warnings).toEqual([expect.stringContaining(warning)]);
  });

  it('3 and 7 are fine', () => {
    expect(clusterOf(THREE).warnings).toEqual([]);
    expect(clusterOf({ ...THREE, replicas: [1, 2, 3, 4, 5, 6, 7].map(apart) }).warnings).toEqual([]);
  });
});

const replicas = (...list: object[]): object => configOf({ ...THREE, replicas: list });
const [one, two] = [apart(1), apart(2)];

const WRONG: readonly (readonly [config: object, path: string, complaint: string])[] = [
  [configOf({ ...THREE, replicas: [] }), 'cluster.replicas', 'found []; it accepts a list of 1 to 7'],
  [configOf({ ...THREE, replicas: Array(8).fill(one) }), 'cluster.replicas', 'it accepts a list of 1 to 7'],
  [
    configOf({ ...THREE, secret: 'short' }),
    'cluster.secret',
    'found a value that is not shown here; it accepts a string of at least 16',
  ],
  [configOf({ ...THREE, secret: undefined }), 'cluster.secret', 'one of cluster.secret and cluster.secretFile'],
  [configOf({ ...THREE, secretFile: 's' }), 'cluster.secret', 'one of cluster.secret and cluster.secretFile'],
  [configOf({ ...THREE, heartbeat: 5 }), 'cluster', "no field 'heartbeat' (did you mean 'heartbeatMs'?)"],
  [
    configOf({ ...THREE, electionMs: 80 }),
    'cluster.electionMs',
    'found 80; it accepts at least twice heartbeatMs (50)',
  ],
  [
    configOf({ ...THREE, reads: 'lease', leaseMs: 250 }),
    'cluster.leaseMs',
    'found 250; it accepts less than electionMs (250)',
  ],
  [replicas(one, two, one), 'cluster.replicas[2].id', 'found 1, which replicas[0] has'],
  [replicas({ id: 0, hosts: ['h'] }), 'cluster.replicas[0].id', 'found 0; it accepts a whole number from 1'],
  [
    replicas({ id: 1, hosts: ['0.0.0.0'] }),
    'cluster.replicas[0].hosts[0]',
    'found "0.0.0.0"; it accepts an address by which',
  ],
  [replicas({ id: 1, hosts: [] }), 'cluster.replicas[0].hosts', 'found []; it accepts a list of 1 to 64 strings'],
  [replicas({ id: 1 }), 'cluster.replicas[0].hosts', 'found nothing; it accepts a list of 1 to 64 strings'],
  [replicas({ id: 1, host: ['h'] }), 'cluster.replicas[0]', "there is no field 'host' (did you mean 'hosts'?)"],
  [
    replicas({ id: 1, colour: 1, host: ['h'] }),
    'cluster.replicas[0]',
    "there is no field 'host' (did you mean 'hosts'?)",
  ],
  [replicas({ id: 1, colour: 'red' }), 'cluster.replicas[0].hosts', 'found nothing'],
  [replicas({ ...one, port: 65_533 }), 'cluster.replicas[0].port', 'one with room for 4 ports'],
  [
    replicas({ ...one, peerPort: 7398 }),
    'cluster.replicas[0].peerPort',
    'group 2, for other replicas, of replica 1 is to listen on 10.0.0.1:7400, as is group 0',
  ],
  [
    replicas({ ...one, http: { port: 7402 } }),
    'cluster.replicas[0].http',
    'is to listen on 10.0.0.1:7402, as is group 2, for clients',
  ],
  [
    replicas(together(1), { ...together(2), port: 7102 }),
    'cluster.replicas[1].port',
    'is to listen on 127.0.0.1:7102, as is',
  ],
  [
    configOf({ ...THREE, interfaces: { 4: 0 } }),
    'cluster.interfaces["4"]',
    'there is no such group; it accepts 0 and streams: 1, 2, 3',
  ],
  [configOf({ ...THREE, interfaces: { 1: 2 } }), 'cluster.interfaces["1"]', 'found 2, and replica 1 has 2 hosts'],
  [{ dataDir: 'd', cluster: THREE }, 'streams', 'found nothing; with a cluster it accepts their number'],
  [{ ...configOf(THREE), port: 7400 }, 'port', 'say it for each of cluster.replicas'],
  [{ ...configOf(THREE), tls: { certFile: 'c', keyFile: 'k' } }, 'tls', 'say it in cluster.tls'],
  [{ ...configOf(THREE), durability: 'async' }, 'durability', 'with a cluster it accepts "sync"'],
  [{ ...configOf(THREE), streams: [{}, { port: 7500 }] }, 'streams[1].port', 'cannot stand beside cluster'],
];

describe('a wrong cluster', () => {
  it.each(WRONG)('%j is refused, naming the path and what is accepted', (config, path, complaint) => {
    const file = join(directory, 'cluster.json');
    writeFileSync(file, JSON.stringify(config));
    const [code, message] = codeAndMessage(() => loadConfig(file));
    expect(code).toBe('INVALID_CONFIG');
    expect(message).toContain(`${file} is wrong at '${path}': `);
    expect(message).toContain(complaint);
    expect(message).not.toContain(SECRET);
  });
});

describe('a replica', () => {
  const write = (config: object): string => {
    const file = join(directory, 'cluster.json');
    writeFileSync(file, JSON.stringify({ service: './bank.js', ...config }));
    return file;
  };

  it('listens where the cluster says, and has a directory of its own', () => {
    writeFileSync(join(directory, 'secret'), `${SECRET}\n`);
    const caFile = join(directory, 'ca.pem');
    const tls = { certFile: 'c.pem', keyFile: 'k.pem', caFile };
    for (const name of ['c.pem', 'k.pem', 'ca.pem']) writeFileSync(join(directory, name), '');
    const cluster = { name: 'bank', secretFile: 'secret', tls, replicas: [1, 2, 3].map(apart) };
    const options = resolveEngineOptions({ config: write(configOf(cluster)), replicaId: 2 });
    expect(options.dataDir).toBe(join(directory, 'data', 'replica-2'));
    expect(options.durability).toBe('sync');
    expect(options.listen).toMatchObject({ host: '10.0.0.2', port: 7400, http: { host: '10.0.0.2', port: 7390 } });
    expect(options.listen.streams?.[0]).toEqual({ host: '10.0.1.2', port: 7401 });
    expect(options.replica).toMatchObject({
      secret: SECRET,
      own: { id: 2 },
      tls: { certFile: join(directory, 'c.pem'), keyFile: join(directory, 'k.pem'), caFile },
    });
  });

  it.each([
    [undefined, 'Which replica this is was not said: give the id of one of cluster.replicas: 1, 2, 3.'],
    [4, 'There is no replica 4: give'],
  ])('%s is none of the cluster', (replicaId, complaint) => {
    const config = write(configOf(THREE));
    const [code, message] = codeAndMessage(() =>
      resolveEngineOptions({ config, ...(replicaId === undefined ? {} : { replicaId }) }),
    );
    expect([code, message]).toEqual(['INVALID_ARGUMENT', expect.stringContaining(complaint)]);
  });

  it('needs a cluster, a data directory, and a secret that is long enough', () => {
    const resolve = (config: object): [string, string] =>
      codeAndMessage(() => resolveEngineOptions({ config: write(config), replicaId: 1 }));
    expect(resolve({ streams: 1 })[1]).toContain("at 'cluster': there is none");
    expect(resolve({ ...configOf(THREE), dataDir: undefined })[1]).toContain("at 'dataDir': a replica needs one");
    writeFileSync(join(directory, 'short'), 'short\n');
    const cluster = { ...THREE, secret: undefined, secretFile: 'short' };
    expect(resolve(configOf(cluster))[1]).toContain('has 5 characters; it accepts a secret of at least 16');
    expect(resolve(configOf({ ...cluster, secretFile: 'gone' }))[1]).toContain('gone cannot be read: ENOENT');
  });

  it('needs the files of its certificate', () => {
    writeFileSync(join(directory, 'there.pem'), '');
    const tls = { certFile: 'there.pem', keyFile: 'gone.pem', caFile: 'there.pem' };
    const config = write(configOf({ ...THREE, tls }));
    expect(codeAndMessage(() => resolveEngineOptions({ config, replicaId: 1 }))).toEqual([
      'INVALID_CONFIG',
      expect.stringContaining(`${config} is wrong at 'cluster.tls.keyFile': ${join(directory, 'gone.pem')} cannot be`),
    ]);
  });
});
