import { expect, it } from 'vitest';
import { PsmrError } from '../../src/errors.js';
import { EngineRecording } from '../../src/replica/engine-recording.js';

it('what the operator is told is an event, in the words that are for everybody', () => {
  const recording = new EngineRecording(false, ['sync', '1'], []);
  const told: string[] = [];
  recording.problem(new PsmrError('INVALID_CONFIG', 'no token'), 'another token', ({ message }) => told.push(message));
  recording.notice('it is reached again', (sentence) => told.push(sentence));
  expect(told).toEqual(['no token', 'it is reached again']);
  expect(recording.events.since(0).map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
    'problem: another token',
    'notice: it is reached again',
  ]);
});
