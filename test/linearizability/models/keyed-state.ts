/** The states of models that hold a value per key. Maps are never changed in place. */
export type KeyedState<Value> = ReadonlyMap<string, Value>;

export function withValues<Value>(
  state: KeyedState<Value>,
  entries: readonly (readonly [key: string, value: Value])[],
): KeyedState<Value> {
  const next = new Map(state);
  for (const [key, value] of entries) next.set(key, value);
  return next;
}

/** Equal for equal states, where `absent` stands for what a key holds at first, and texts for values. */
export function keyOfState<Value>(state: KeyedState<Value>, absent: string, textOf: (value: Value) => string): string {
  const texts = [...state].map(([key, value]) => [key, textOf(value)] as const).filter(([, text]) => text !== absent);
  if (texts.length > 1) texts.sort(([a], [b]) => (a < b ? -1 : 1));
  return texts.map(([key, text]) => `${JSON.stringify(key)}: ${text}`).join(', ');
}

export function describeState(key: string): string {
  return `{${key}}`;
}
