/** Starts an engine, lets a worker of it die, says what calls got, and has nothing more to do. */
import { Engine, PsmrError } from 'psmr';
import type mortal from '../services/mortal.js';

const { service } = JSON.parse(process.argv[2] ?? '') as { service: string };
const engine = await Engine.start({ service: new URL(service), streams: 2 });
const client = engine.client<typeof mortal>();
await client.execute('die', { key: 'a', how: 'throw' });
let pending = '';
while (pending === '') {
  await client.execute('ping', { key: 'a' }).catch((error: unknown) => {
    pending = error instanceof PsmrError ? error.code : String(error);
  });
}
const failure = await engine.failure;
process.stdout.write(`${JSON.stringify({ pending, failure: failure.code })}\n`);
