/** Runs a small program over the storage in a process of its own, so that it can be killed. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';

const ROOT = join(import.meta.dirname, '../..');
const SOURCES = ['src', 'src/storage'];

function transpile(directory: string): void {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
  for (const folder of SOURCES) {
    mkdirSync(join(directory, folder), { recursive: true });
    for (const name of readdirSync(join(ROOT, folder)).filter((each) => each.endsWith('.ts'))) {
      const { outputText } = ts.transpileModule(readFileSync(join(ROOT, folder, name), 'utf8'), { compilerOptions });
      writeFileSync(join(directory, folder, name.replace(/\.ts$/, '.js')), outputText);
    }
  }
}

/** A directory with the storage as JavaScript, for programs that import './src/storage/...js'. */
export class ChildPrograms {
  readonly directory = mkdtempSync(join(tmpdir(), 'psmr-child-'));

  constructor() {
    writeFileSync(join(this.directory, 'package.json'), '{"type":"module"}');
    symlinkSync(join(ROOT, 'node_modules'), join(this.directory, 'node_modules'));
    transpile(this.directory);
  }

  start(program: string, args: readonly string[]): ChildProcessByStdio<null, Readable, null> {
    const file = join(this.directory, 'program.js');
    writeFileSync(file, program);
    return spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }
}
