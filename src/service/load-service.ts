import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { messageOf, PsmrError } from '../errors.js';
import type { Service } from './command.js';
import { asService } from './define-service.js';

/**
 * Imports a service's module and takes its default export, or the export named `service`. Throws INVALID_SERVICE where
 * there is none, or the module fails.
 *
 * @param url a `file:` URL
 */
export async function loadService(url: string | URL): Promise<Service> {
  const href = url instanceof URL ? url.href : url;
  const file = pathOf(href);
  const module = await importModule(href, file);
  const exported = module['default'] ?? module['service'];
  if (exported === undefined) {
    throw unusable(file, "it exports no service. Write 'export default defineService({ ... })' in it");
  }
  try {
    return asService(exported);
  } catch (error) {
    throw unusable(file, `its export is none that defineService made. ${messageOf(error).replace(/\.$/, '')}`, error);
  }
}

function pathOf(href: string): string {
  if (!URL.canParse(href) || new URL(href).protocol !== 'file:')
    throw unusable(href, "it is no file: URL. Give one, such as new URL('./bank.js', import.meta.url)");
  const file = fileURLToPath(href);
  if (!existsSync(file))
    throw unusable(file, 'there is no such file. Check the path, and that the service was compiled');
  return file;
}

async function importModule(href: string, file: string): Promise<Record<string, unknown>> {
  try {
    return (await import(href)) as Record<string, unknown>;
  } catch (error) {
    const hint = isUnloadableTypeScript(file, error)
      ? `Node ${process.versions.node} does not load TypeScript: compile the service and give the .js file`
      : `loading it failed with "${messageOf(error)}"`;
    throw unusable(file, hint, error);
  }
}

function isUnloadableTypeScript(file: string, error: unknown): boolean {
  return /\.[mc]?tsx?$/.test(file) && error instanceof Error && 'code' in error && error.code === UNKNOWN_EXTENSION;
}

const UNKNOWN_EXTENSION = 'ERR_UNKNOWN_FILE_EXTENSION';

function unusable(file: string, why: string, cause?: unknown): PsmrError {
  return new PsmrError('INVALID_SERVICE', `The service module ${file} cannot be used: ${why}.`, {
    details: { file },
    ...(cause === undefined ? {} : { cause }),
  });
}
