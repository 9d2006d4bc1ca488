import { expect, it, onTestFinished, vi } from 'vitest';
import { guardedListener } from '../../src/replica/guarded-listener.js';

it.each([
  [
    'throws',
    () => {
      throw new Error('no console');
    },
  ],
  ['rejects', () => Promise.reject(new Error('no console'))],
])('a listener of the embedding program that %s is told of as a warning', async (_, fail) => {
  const warned = vi.spyOn(process, 'emitWarning').mockReturnValue();
  onTestFinished(() => warned.mockRestore());
  const heard: string[] = [];
  const listener = guardedListener('onNotice', (sentence: string) => {
    heard.push(sentence);
    return fail();
  });
  listener('it was removed');
  expect(heard).toEqual(['it was removed']);
  await vi.waitFor(() =>
    expect(warned).toHaveBeenCalledWith(
      'onNotice of Engine.start threw: no console. Catch in it what it may throw; the replica goes on.',
      'PsmrWarning',
    ),
  );
});
