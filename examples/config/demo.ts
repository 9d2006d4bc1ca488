/**
 * The registry at work: a server, an operator who changes settings, and a watcher that follows them, is away for a
 * while and misses nothing. Run it with `node dist/examples/config/demo.js`.
 */
import { connect, Engine } from 'psmr';
import config from './service.js';
import { LiveSettings, type ConfigClient } from './watch.js';

const print = (line: string): boolean => process.stdout.write(`${line}\n`);

async function changeSettings(operator: ConfigClient): Promise<void> {
  await operator.execute('put', { key: 'web/theme', value: 'dark' });
  const version = await operator.execute('put', { key: 'web/limit', value: 100 });
  await operator.execute('put', { key: 'web/limit', value: 200, expect: version });
  const [refused] = await operator.executeBatch([['put', { key: 'web/limit', value: 300, expect: version }]]);
  if (!refused.ok) print(`refused: ${refused.error.message}`);
  await operator.execute('update', { changes: [{ key: 'web/host', value: 'b' }, { key: 'web/theme' }] });
}

const engine = await Engine.start({ service: new URL('./service.js', import.meta.url), streams: 2 });
try {
  const { url } = await engine.listen({ port: 0, http: null });
  const operator = await connect({ replicas: [url], service: config });
  const subscription = await operator.subscribe({ prefixes: ['web/'] });
  const live = await LiveSettings.open(operator, 'web/');
  const following = live.follow();
  await changeSettings(operator);

  // Five changes; each key's in order. Then the watcher goes, with its position.
  for (let seen = 0; seen < 5; seen++) {
    const { value: event } = await subscription.next();
    if (event !== undefined) print(`${event.key} is now ${JSON.stringify(event.value)}`);
  }
  const { position } = subscription;
  subscription.close();
  await operator.execute('put', { key: 'web/limit', value: 1 });
  await operator.execute('put', { key: 'web/limit', value: 2 });
  const resumed = await operator.subscribe({ prefixes: ['web/'], after: position });
  for (let seen = 0; seen < 2; seen++) {
    const { value: event } = await resumed.next();
    if (event !== undefined) print(`missed while away: ${event.key} ${JSON.stringify(event.value)}`);
  }
  live.close();
  await following;
  await operator.close();
} finally {
  await engine.stop();
}
