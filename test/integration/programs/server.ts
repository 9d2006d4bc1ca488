/**
 * A server until it is killed or told to stop. First line: where it listens, as JSON. Last line: 'stopped', or 'failed',
 * the code and the sentence.
 */
import { createInterface } from 'node:readline';
import { Engine, type EngineOptions, type ListenOptions } from 'psmr';

export interface ServerProgramOptions extends Omit<EngineOptions, 'service'> {
  readonly service: string;
  readonly listen?: ListenOptions;
}

const { listen, service, ...options } = JSON.parse(process.argv[2] ?? '') as ServerProgramOptions;
const engine = await Engine.start({ ...options, service: new URL(service) });
const { url, endpoints } = await engine.listen({ port: 0, http: null, ...listen });
process.stdout.write(`${JSON.stringify({ url, ports: endpoints.map((endpoint) => endpoint.port) })}\n`);

void engine.failure.then((error) => process.stdout.write(`failed ${error.code} ${error.message}\n`));
createInterface({ input: process.stdin }).on('line', () => {
  void engine.stop().then(() => {
    process.stdout.write('stopped\n');
    process.stdin.destroy();
  });
});
