/**
 * Finds uWebSockets.js where it is native. Its builds hold one binary per platform and Node version (npm build: in
 * `binaries/`, official build: at the top); on other Nodes the npm build starts a fallback in JavaScript which does
 * not answer, so the binary itself is looked for and loaded, never the package's main file.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as Native from 'uWebSockets.js';
import { messageOf } from '../errors.js';

export type NativeModule = typeof Native;

const OFFICIAL_BUILD = 'npm install uNetworking/uWebSockets.js#v20.67.0';

export type NativeLookup = { readonly module: NativeModule } | { readonly module: null; readonly reason: string };

function isNative(loaded: unknown): loaded is NativeModule {
  return typeof loaded === 'object' && loaded !== null && 'App' in loaded && 'us_listen_socket_close' in loaded;
}

function lookUp(): NativeLookup {
  if (process.env['PSMR_TRANSPORT'] === 'ws') return { module: null, reason: 'PSMR_TRANSPORT=ws' };
  const require = createRequire(import.meta.url);
  const binary = `uws_${process.platform}_${process.arch}_${process.versions.modules}.node`;
  try {
    const folder = dirname(require.resolve('uWebSockets.js'));
    const file = [join(folder, binary), join(folder, '../binaries', binary)].find((path) => existsSync(path));
    if (file === undefined) return { module: null, reason: `it has no ${binary}` };
    const loaded: unknown = require(file);
    return isNative(loaded) ? { module: loaded } : { module: null, reason: `${binary} is something else` };
  } catch (thrown) {
    return { module: null, reason: messageOf(thrown) };
  }
}

let found: NativeLookup | undefined;

export function nativeModule(): NativeLookup {
  return (found ??= lookUp());
}

/** What to tell the operator where the slower transport is used; null where the native one is. */
export function transportHint(): string | null {
  const lookup = nativeModule();
  if (lookup.module !== null) return null;
  return (
    `psmr: uWebSockets.js is not native here (${lookup.reason}); serving with the slower 'ws'. ` +
    `For full speed on Node ${process.versions.node}: ${OFFICIAL_BUILD}`
  );
}
