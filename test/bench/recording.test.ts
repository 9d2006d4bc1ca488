import { expect, test } from 'vitest';
import { compareRecording, recordingText } from '../../dist/bench/recording/rows.js';

test('what recording costs is measured with it off and on, from logs and by clients', { timeout: 60_000 }, async () => {
  const sizes = { rounds: 1, seconds: 0.05, streams: 2, keys: 1000, commands: 2000 };
  const rows = await compareRecording(sizes, () => undefined, new Promise(() => undefined));
  expect(rows.map(({ name }) => name.split(':')[0])).toEqual([
    'from a log',
    'from a log',
    'from a log',
    'clients',
    'clients',
  ]);
  for (const { off, on } of rows) {
    expect([off.variant.recording, on.variant.recording]).toEqual([false, true]);
    expect(off.commandsPerSecond.median).toBeGreaterThan(0);
    expect(on.ratioToFirst).toBeGreaterThan(0);
  }
  expect(recordingText(rows).trimEnd().split('\n')).toHaveLength(6);
});
