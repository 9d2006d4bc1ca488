/** The `Listen` of this Node: uWebSockets.js where it is native, else `ws`. */
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
  return (module === null ? listenWithWs : listenWithUws(module))(options, handlers);
};
