import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { messageOf, PsmrError } from '../errors.js';
import type { Service } from './command.js';
import { asService } from './define-service.js';

/** Imports a service's module: its default export, or the export named `service`. Throws INVALID_SERVICE. */
export async function loadService(url: string | URL): Promise<Service> {
  const href = url instanceof URL ? url.href : url;
  const file = href.startsWith('file:') ? fileURLToPath(href) : href;
  if (href.startsWith('file:') && !existsSync(file)) {
    throw new PsmrError('INVALID_SERVICE', `There is no service module at ${file}. Check the path.`, {
      details: { file },
    });
  }
  const module = await importModule(href, file);
  const exported = module['default'] ?? module['service'];
  if (exported === undefined) {
    throw new PsmrError(
      'INVALID_SERVICE',
      `The module ${file} exports no service. Write 'export default defineService({ ... })' in it.`,
      { details: { file } },
    );
  }
  return asService(exported);
}

async function importModule(href: string, file: string): Promise<Record<string, unknown>> {
  try {
    return (await import(href)) as Record<string, unknown>;
  } catch (error) {
    const hint = /\.[mc]?ts$/.test(file) ? ' This Node may not load TypeScript: compile the service to .js first.' : '';
    throw new PsmrError('INVALID_SERVICE', `The service module ${file} cannot be loaded: ${messageOf(error)}.${hint}`, {
      cause: error,
      details: { file },
    });
  }
}
