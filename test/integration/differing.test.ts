/** A replica whose state differs, since the service does not do the same everywhere. */
import { connect } from 'psmr';
import { expect, it } from 'vitest';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { serviceUrl } from './compiled.js';
import { Replicas } from './replicas.js';
import type differing from './services/differing.js';

it(
  'stops with stream and checkpoint named, at once when it is started again; the others go on',
  { timeout: 120_000 },
  async () => {
    const replicas = await Replicas.start({ streams: 2, service: 'differing' });
    await replicas.kill(3, 'SIGTERM');
    process.env['DIFFERS'] = '1';
    const differs = replicas.run(3);
    delete process.env['DIFFERS'];
    await differs;
    const { default: service } = (await import(serviceUrl('differing').href)) as { default: typeof differing };
    const client = await connect({ replicas: replicas.urls, service });
    const map = createPartitionMap({ streams: 2 });
    // The other stream stays as it was everywhere.
    const key = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].find((each) => map.streamOf(each) === 1) ?? '';
    await client.execute('put', { key, value: 1 });
    await replicas.caughtUp();
    expect((await replicas.psmr('checkpoint')).output).toMatch(/checkpoint \d+ is complete/);
    const ends = async (): Promise<string> => {
      expect(await replicas.ended(3)).toBe(1);
      return replicas.said.findLast((line) => line.startsWith('3:')) ?? '';
    };
    const why = /replica 3 differs from replicas 1, 2 in stream 1 at checkpoint \d+ .*--rebuild/;
    expect(await ends()).toMatch(why);
    await client.execute('put', { key, value: 2 });
    const began = performance.now();
    await replicas.run(3).catch(() => undefined);
    const served = performance.now();
    expect(await ends()).toMatch(why);
    expect(performance.now() - served, `${served - began} ms to start`).toBeLessThan(3000);
    await client.execute('put', { key, value: 3 });
    await client.close();
  },
);
