import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('the measurement of tables against Maps runs, and tells every size', () => {
  const program = fileURLToPath(new URL('../../dist/bench/micro/key-table.js', import.meta.url));
  const output = execFileSync(process.execPath, [program, '1', '1000'], { encoding: 'utf8', timeout: 30_000 });
  expect(output.match(/^[\d,]+ keys: Map .* ns, table .* ns, Map over table .*$/gm)).toHaveLength(3);
});
