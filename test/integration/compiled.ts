/** The services and programs of these tests as JavaScript, for the threads and processes that load them. */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';

const ROOT = join(import.meta.dirname, '../..');
// Beside the built package, at the same depth: 'psmr' and relative imports mean there what they mean here.
const TARGET = join(ROOT, 'dist/test/integration');
const FOLDERS = ['services', 'programs'] as const;

function compile(folder: (typeof FOLDERS)[number]): void {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true };
  mkdirSync(join(TARGET, folder), { recursive: true });
  for (const name of readdirSync(join(import.meta.dirname, folder))) {
    const source = readFileSync(join(import.meta.dirname, folder, name), 'utf8');
    const target = join(TARGET, folder, name.replace(/\.ts$/, '.js'));
    // Test files run at the same time: each file appears whole.
    const draft = `${target}.${process.pid}`;
    writeFileSync(draft, ts.transpileModule(source, { compilerOptions }).outputText);
    renameSync(draft, target);
  }
}

FOLDERS.forEach(compile);

export function serviceUrl(name: string): URL {
  return pathToFileURL(join(TARGET, 'services', `${name}.js`));
}

export function programFile(name: string): string {
  return join(TARGET, 'programs', `${name}.js`);
}
