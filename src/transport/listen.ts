/** The `Listen` of this Node: uWebSockets.js where it is native and can do what is asked, else `ws`. */
import type { Listen } from './endpoint.js';
import { nativeModule } from './native-module.js';
import { listenWithUws } from './uws-endpoint.js';
import { listenWithWs } from './ws-endpoint.js';

/**
 * Opens an endpoint. Errors: ADDRESS_IN_USE with host and port; INVALID_CONFIG where the host is not this machine's
 * or a TLS file cannot be read.
 */
export const listen: Listen = (options, handlers) => {
  const { module } = nativeModule();
  // uWebSockets.js cannot insist on a certificate of whoever connects.
  const plain = module === null || options.tls?.caFile !== undefined;
  return (plain ? listenWithWs : listenWithUws(module))(options, handlers);
};
