import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Engine, EngineOptions } from 'psmr';
import { Engine as BuiltEngine } from 'psmr';

/** A directory that goes when the test has ended. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'psmr-integration-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** An engine that stops when the test has ended. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const engine = await BuiltEngine.start(options);
  onTestFinished(() => engine.stop());
  return engine;
}
