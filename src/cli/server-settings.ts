/** Where a command finds its service and its server: options first, then the configuration file. */
import { existsSync } from 'node:fs';
import { loadConfig } from '../config/config.js';
import { PsmrError } from '../errors.js';

export interface SettingFlags {
  readonly config?: string;
  readonly service?: string;
}

/** Read where no --config is given and such a file is here. */
const CONFIG_FILE = 'psmr.config.json';

export const CONFIG_OPTION = ['--config <file>', `the configuration; ${CONFIG_FILE} here, if there is one`] as const;

/** `service` and `config` for Engine.start. Throws INVALID_ARGUMENT where neither names a service, INVALID_CONFIG. */
export function serviceSettings({ config, service }: SettingFlags): { service?: string; config?: string } {
  const file = config ?? (existsSync(CONFIG_FILE) ? CONFIG_FILE : null);
  if (service === undefined && (file === null || loadConfig(file).service === undefined)) {
    throw new PsmrError(
      'INVALID_ARGUMENT',
      `There is no service: give --service FILE, a compiled module that exports one, or "service" in ${file ?? CONFIG_FILE}.`,
    );
  }
  return { ...(service === undefined ? {} : { service }), ...(file === null ? {} : { config: file }) };
}

/** A token on the command line is seen by every user of the machine; the environment is not. */
export function tokenOf(flag: string | undefined): { token?: string } {
  const token = flag ?? process.env['PSMR_TOKEN'];
  return token === undefined ? {} : { token };
}
