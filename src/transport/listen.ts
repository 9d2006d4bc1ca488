/** The `Listen` of this Node: uWebSockets.js where it is native and can do what is asked, else `ws`. */
import type { Listen } from './endpoint.js';
import { nativeModule } from './native-module.js';
import { listenWithUws } from './uws-endpoint.js';

/**
 * Opens an endpoint. Errors: ADDRESS_IN_USE with host and port; INVALID_CONFIG where the host is not this machine's
 * or a TLS file cannot be read.
 */
export const listen: Listen = async (options, handlers) => {
  const { module } = nativeModule();
  // uWebSockets.js cannot insist on a certificate of whoever connects.
  const plain = module === null || options.tls?.caFile !== undefined;
  // Loaded where it is needed: starting 64 workers is mostly loading.
  const open = plain ? (await import('./ws-endpoint.js')).listenWithWs : listenWithUws(module);
  return open(options, handlers);
};
