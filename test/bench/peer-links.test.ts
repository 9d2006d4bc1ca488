import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('the measurement of links between replicas runs, and tells both sizes', () => {
  const program = fileURLToPath(new URL('../../dist/bench/micro/peer-links.js', import.meta.url));
  const output = execFileSync(process.execPath, [program, '1', '1'], { encoding: 'utf8', timeout: 30_000 });
  expect(output).toMatch(/^ +1024 B: \d+ messages\/s .*\n +65536 B: \d+ messages\/s .* MB\/s .*\n$/);
});
