import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it, onTestFinished } from 'vitest';
import { openHttpEndpoint } from '../../src/replica/http-endpoint.js';
import { Certificates } from '../transport/certificates.js';

describe('an HTTP endpoint', () => {
  it.each(['http', 'https'])('closes although somebody has connected and says nothing (%s)', async (scheme) => {
    const certificates = new Certificates();
    onTestFinished(() => certificates.remove());
    const tls = scheme === 'https' ? certificates.of('shop') : undefined;
    const http = await openHttpEndpoint({ host: '127.0.0.1', port: 0, tls, routes: [] });
    const silent = connect(http.address.port, '127.0.0.1');
    await once(silent, 'connect');
    const cutOff = once(silent, 'close');
    silent.on('error', () => undefined);
    silent.resume();
    await http.close();
    await cutOff;
  });
});
