import { describe, expect, test } from 'vitest';
import { LogCursor } from '../../bench/logs/log-cursor.js';
import { take } from './bench-setting.js';

function* rest<T>(cursor: LogCursor<T>): Generator<T> {
  for (let item = cursor.next(); item !== null; item = cursor.next()) yield item;
}

const laps = (item: string, lap: number): string => `${item}${lap}`;

describe('a log cursor', () => {
  test('reads what fills the state once, and stops there until it is told to go on', () => {
    const cursor = new LogCursor(['l', 'm'], ['a'], laps);
    expect([...rest(cursor)]).toEqual(['l', 'm']);
    expect([cursor.ended, cursor.lap]).toEqual([true, -1]);
    cursor.goOn();
    expect(take(rest(cursor), 3)).toEqual(['a0', 'a1', 'a2']);
    expect([cursor.ended, cursor.lap]).toEqual([false, 2]);
  });

  test('ends with the lap it was told to', () => {
    const cursor = new LogCursor([], ['a', 'b'], laps);
    cursor.goOn();
    expect(take(rest(cursor), 3)).toEqual(['a0', 'b0', 'a1']);
    cursor.finishAfter(2);
    expect(cursor.ended).toBe(false);
    expect([...rest(cursor)]).toEqual(['b1', 'a2', 'b2']);
    expect(cursor.ended).toBe(true);
  });

  test('without anything to measure waits, and ends when asked to', () => {
    const cursor = new LogCursor(['l'], [], laps);
    expect([...rest(cursor)]).toEqual(['l']);
    cursor.goOn();
    expect(cursor.next()).toBeNull();
    expect(cursor.ended).toBe(false);
    cursor.finishAfter(3);
    expect(cursor.next()).toBeNull();
    expect(cursor.ended).toBe(true);
  });
});
