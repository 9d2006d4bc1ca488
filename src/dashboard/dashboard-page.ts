/** The dashboard as one page that needs nothing else from anywhere but its data. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { codeForScript } from '../page/html.js';
import { readPlotLibrary } from '../page/plot-library.js';
import type { HttpAnswer } from '../replica/http-endpoint.js';
import { DASHBOARD_BODY } from './dashboard-body.js';
import { DASHBOARD_STYLE } from './dashboard-style.js';

/** In this order: each uses those before it. */
const SCRIPTS = ['format', 'elements', 'plots', 'lanes', 'heat-map', 'tables', 'cluster', 'main'];

let page: Promise<HttpAnswer> | null = null;

export function dashboardPage(): Promise<HttpAnswer> {
  page ??= render().catch((error: unknown) => {
    page = null;
    throw error;
  });
  return page;
}

async function render(): Promise<HttpAnswer> {
  const library = await readPlotLibrary();
  const scripts = [library.script, await pageScript()].map(codeForScript);
  const body = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>psmr</title>
<style>${library.style}${DASHBOARD_STYLE}</style>
</head>
<body>
${DASHBOARD_BODY}
${scripts.map((script) => `<script>${script}</script>`).join('\n')}
</body>
</html>
`;
  return { status: 200, type: 'text/html; charset=utf-8', headers: headersFor(scripts), body };
}

/** Nothing runs but these scripts, and nothing is asked for but of this server. */
function headersFor(scripts: readonly string[]): Record<string, string> {
  const hashes = scripts.map((script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`);
  return {
    'content-security-policy':
      `default-src 'none'; script-src ${hashes.join(' ')}; style-src 'unsafe-inline'; connect-src 'self'; ` +
      "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-cache',
  };
}

/** The modules of browser/, compiled, as one script: a page that is one file cannot import. Each keeps its own names. */
async function pageScript(): Promise<string> {
  const modules = await Promise.all(
    SCRIPTS.map(async (name) => {
      const code = await readFile(fileURLToPath(new URL(`browser/${name}.js`, import.meta.url)), 'utf8');
      const exported = [...code.matchAll(/^export (?:async )?(?:function|const|class) (\w+)/gm)].map(
        ([, each]) => each,
      );
      const body = code
        .replaceAll(/^import (\{[^}]*\}) from '\.\/([\w-]+)\.js';$/gm, "const $1 = modules['$2'];")
        .replaceAll(/^export (\{\};)?/gm, '');
      return `modules['${name}'] = (() => {\n${body}\nreturn { ${exported.join(', ')} };\n})();`;
    }),
  );
  return `'use strict';\nconst modules = {};\n${modules.join('\n')}`;
}
