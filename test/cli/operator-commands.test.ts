import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FakeCluster, SECRET } from '../replica/admin/fake-cluster.js';
import { BANK, interrupted, psmr, ROOT, STOCK, temporaryDirectory } from './command-line.js';

const KNOWING = { env: { PSMR_SECRET: SECRET } };

describe('psmr status', () => {
  it('shows the whole cluster, asked of any replica', async () => {
    const cluster = await FakeCluster.start([1, 2, 3]);
    const { code, stdout, stderr } = await psmr(['status', cluster.urlOf(3)]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('cluster shop, service bank, last agreed checkpoint 50');
    expect(stdout).toMatch(/1 \(hot\) +2 +4 +101 +1:100 2:99 3:98 +1:11 3:11 +1000/);
  });

  it('is JSON with --json, with what is wrong with whom', async () => {
    const cluster = await FakeCluster.start([1, 2]);
    await cluster.replicas.get(2)?.close();
    const { stdout } = await psmr(['status', cluster.urlOf(1), '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      replicas: [
        { id: 1, problem: null, status: { state: 'running' } },
        { id: 2, problem: expect.stringContaining('ECONNREFUSED') as string, status: null },
      ],
    });
  });

  it.each([
    [['status', 'http://127.0.0.1:1'], 3, 'UNREACHABLE: No replica answers at http://127.0.0.1:1'],
    [['status', 'localhost'], 2, 'INVALID_ARGUMENT: "localhost" is no address'],
    [['status'], 2, 'INVALID_ARGUMENT: Which cluster?'],
    [['member', 'add', '4', 'http://127.0.0.1:1'], 2, 'Where is replica 4? Describe it in cluster.replicas'],
    [['leader', 'move', '1'], 2, "missing required argument 'replica'"],
    [['leader', 'move', 'x', '1'], 2, 'a whole number from 0 to 64'],
    [['replica', '--id', '1'], 2, "required option '--config <file>' not specified. See psmr replica --help."],
    [['leader', 'move', '1', 'x'], 2, 'See psmr leader move --help.'],
    [['replicas'], 2, 'See psmr --help.'],
  ])('%j ends with exit code %d and a sentence', async (args, exit, sentence) => {
    const { code, stdout, stderr } = await psmr(args, { cwd: temporaryDirectory() });
    expect({ code, stdout }).toEqual({ code: exit, stdout: '' });
    expect(stderr).toMatch(/^psmr: [A-Z_]+: [^\n]+\n$/);
    expect(stderr).toContain(sentence);
  });
});

describe("the operator's commands", () => {
  it('change the cluster, say so, and are JSON with --json', async () => {
    const cluster = await FakeCluster.start([1, 2, 3]);
    const url = cluster.urlOf(1);
    expect(await psmr(['leader', 'move', '1', '3', url], KNOWING)).toMatchObject({
      code: 0,
      stdout: 'replica 3 leads group 1\n',
    });
    expect((await psmr(['checkpoint', url], KNOWING)).stdout).toBe('checkpoint 77 is complete\n');
    expect((await psmr(['member', 'remove', '2', url, '--json'], KNOWING)).stdout).toBe('{"removed":2}\n');
    expect(cluster.groups.every(({ voters }) => !voters.includes(2))).toBe(true);
    expect((await psmr(['member', 'remove', '3', url], KNOWING)).stdout).toMatch(/^replica 3 takes part no more/);
    expect((await psmr(['member', 'remove', '9', url], KNOWING)).stdout).toBe(
      'replica 9 took part in no group: nothing was changed\n',
    );
  });

  it('say which replica has no checkpoint, and know the sync group by its name', async () => {
    const cluster = await FakeCluster.start([1, 2, 3]);
    await cluster.replicas.get(3)?.close();
    expect((await psmr(['checkpoint', cluster.urlOf(1)], KNOWING)).stdout).toBe(
      'checkpoint 77 is complete, but not at replica 3: no answer from there\n',
    );
    cluster.replica(2).isJoining = true;
    expect((await psmr(['checkpoint', cluster.urlOf(1)], KNOWING)).stdout).toBe(
      'checkpoint 77 is complete, but not at replica 3: no answer from there; nor at replica 2: not taking part yet\n',
    );
    cluster.replica(2).isJoining = false;
    expect((await psmr(['leader', 'move', 'sync', '2', cluster.urlOf(1)], KNOWING)).stdout).toBe(
      'replica 2 leads group 0\n',
    );
  });

  it('end a checkpoint that takes longer than --timeout', async () => {
    const cluster = await FakeCluster.start([1]);
    cluster.writing = new Promise(() => undefined);
    const { code, stdout, stderr } = await psmr(['checkpoint', cluster.urlOf(1), '--timeout', '1'], KNOWING);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/^psmr: OUTCOME_UNKNOWN: After 1000 ms the checkpoint .* may yet be made[^\n]*\n$/);
  });

  it('need the secret', async () => {
    const cluster = await FakeCluster.start([1]);
    const { code, stderr } = await psmr(['checkpoint', cluster.urlOf(1), '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'UNAUTHORIZED' } });
    expect(cluster.done).toEqual([]);
  });

  it('find cluster, secret and new replicas in the configuration', async () => {
    const cluster = await FakeCluster.start([1, 2]);
    await cluster.add(3);
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'secret'), `${SECRET}\n`);
    const replicas = [1, 2, 3].map((id) => ({
      ...{ id, hosts: ['127.0.0.1'], port: 20_000 + 100 * id, peerPort: 20_050 + 100 * id },
      http: { port: Number(new URL(cluster.urlOf(id)).port) },
    }));
    const config = { streams: 2, cluster: { name: 'shop', secretFile: 'secret', replicas } };
    writeFileSync(join(directory, 'cluster.json'), JSON.stringify(config));
    const { code, stdout, stderr } = await psmr(['member', 'add', '3'], { cwd: directory });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'replica 3 takes part in every group\n' });
    expect(stderr).toContain('group 2 adds replica 3');
    expect(cluster.groups.map(({ voters }) => voters)).toEqual([
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
    ]);
  });
});

/** By the second time, what was learned the first time has been shown. */
const ALL_ASKED_TWICE = new RegExp([1, 2, 3].map((id) => `(?=(?:[^]*replica ${id}: was asked){2})`).join(''));

describe('psmr cluster', () => {
  const program = ['--program', join(import.meta.dirname, 'fake-replica.mjs')];

  it('starts all replicas, tells what changes, and stops them at Ctrl-C', async () => {
    const dir = join(temporaryDirectory(), 'local');
    const ended = await interrupted(['cluster', '--dir', dir, ...program], ALL_ASKED_TWICE, 'SIGINT');
    expect(ended.code).toBe(0);
    for (const id of [1, 2, 3]) expect(ended.stderr).toContain(`replica ${id}: stops in good order`);
    expect(ended.stderr).toContain('SIGINT: stopping all replicas');
    for (const line of [
      'replica 3: running',
      'group 0 (sync): replica 1 leads, term 1',
      'group 2: replica 3 leads, term 1',
    ])
      expect(ended.stdout).toContain(`${line}\n`);
    const config = JSON.parse(readFileSync(join(dir, 'cluster.json'), 'utf8')) as { service: string };
    expect(config).toMatchObject({ service: BANK, streams: 2, cluster: { name: 'local' } });
    expect(statSync(join(dir, 'cluster.json')).mode & 0o77).toBe(0);
  });

  it('with --json tells every second how everything is', async () => {
    const dir = temporaryDirectory();
    const args = ['cluster', '--replicas', '1', '--streams', '1', '--dir', dir, '--json', ...program];
    const { stdout } = await interrupted(args, /ready/, 'SIGTERM');
    const [first = '{}'] = stdout.split('\n');
    expect(JSON.parse(first)).toMatchObject({ processes: [{ id: 1, running: true }] });
  });

  it('goes on with what is in its directory, and says so where something else is wished for', async () => {
    const dir = temporaryDirectory();
    const args = ['cluster', '--dir', dir, ...program];
    await interrupted([...args, '--replicas', '1'], /ready/, 'SIGINT');
    const before = readFileSync(join(dir, 'cluster.json'), 'utf8');
    expect((await interrupted(args, /ready/, 'SIGINT')).code).toBe(0);
    expect(readFileSync(join(dir, 'cluster.json'), 'utf8')).toBe(before);
    const { code, stderr } = await psmr([...args, '--replicas', '3']);
    expect(code).toBe(2);
    expect(stderr).toContain('describes a cluster with 1 replica, not 3: leave out --replicas, or give another --dir.');
    expect((await psmr([...args, '--service', STOCK])).stderr).toContain(
      `describes a cluster with the service ${BANK}, not ${STOCK}: leave out --service, change it in that file, or`,
    );
    writeFileSync(join(dir, 'cluster.json'), '{}');
    expect(await psmr(args)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/INVALID_CONFIG: .*cluster.json is wrong at 'cluster': there is none/) as string,
    });
  });

  it('says how far up its ports may begin', async () => {
    const dir = join(temporaryDirectory(), 'none');
    const { code, stderr } = await psmr(['cluster', '--dir', dir, '--port', '65530', ...program]);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/--port 65530: the cluster needs 21 ports .* Give 65515 at most/) as string,
    });
  });

  it('ends when no replica is left', async () => {
    const dir = temporaryDirectory();
    const broken = join(dir, 'broken.mjs');
    writeFileSync(broken, "console.error('no luck'); process.exit(7);");
    const { code, stderr } = await psmr(['cluster', '--dir', dir, '--program', broken]);
    expect(code).toBe(1);
    expect(stderr).toContain('replica 2: no luck');
    expect(stderr).toContain('replica 2: ended with exit code 7');
    expect(stderr).toContain('ENGINE_FAILED: All replicas have ended.');
  });

  it.each([
    ['is a file', 'file'],
    ['is below a file', 'file/below'],
  ])('says what to do where the directory %s', async (_, name) => {
    const parent = temporaryDirectory();
    writeFileSync(join(parent, 'file'), '');
    const dir = join(parent, name);
    const { code, stderr } = await psmr(['cluster', '--dir', dir, ...program]);
    expect({ code, stderr }).toEqual({
      code: 4,
      stderr: expect.stringMatching(
        /^psmr: STORAGE_FAILED: .*cluster\.json cannot be written: .* Give a --dir/,
      ) as string,
    });
  });

  it('looks at the service before it writes a file, so that the corrected command is not refused', async () => {
    const dir = join(temporaryDirectory(), 'local');
    const none = join(tmpdir(), 'no-such-service.js');
    for (const service of [none, join(ROOT, 'dist/src/errors.js')]) {
      const { code, stderr } = await psmr(['cluster', '--dir', dir, '--service', service, ...program]);
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: expect.stringContaining(`INVALID_SERVICE: The service module ${service} cannot be used`) as string,
      });
      expect(existsSync(dir)).toBe(false);
    }
    const corrected = ['cluster', '--dir', dir, '--service', STOCK, '--replicas', '1', ...program];
    expect((await interrupted(corrected, /ready/, 'SIGINT')).code).toBe(0);
  });

  it('refuses a port that is in use', async () => {
    const cluster = await FakeCluster.start([1]);
    const dir = join(temporaryDirectory(), 'none');
    const { port } = new URL(cluster.urlOf(1));
    const { code, stderr } = await psmr(['cluster', '--dir', dir, '--port', port, ...program]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(`Port ${port} is in use`) as string });
    expect(existsSync(dir)).toBe(false);
  });
});
