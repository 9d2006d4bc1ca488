/** Which calls can matter to each other: those that touch a common key, directly or through others. */
import type { TimedCall } from './timeline.js';

export function shareKeys<Call>(one: TimedCall<Call>, other: TimedCall<Call>): boolean {
  if (one.keys === null || other.keys === null) return true;
  return one.keys.some((key) => other.keys?.includes(key) === true);
}

/** Which of some calls are linked to one of them. */
export function linkedTo<Call>(
  start: TimedCall<Call>,
  calls: readonly TimedCall<Call>[],
): (call: TimedCall<Call>) => boolean {
  if (start.keys === null) return () => true;
  const linked = new Set(start.keys);
  let open = calls.filter((call) => call !== start);
  for (let grown = true; grown;) {
    const touched = open.filter((call) => call.keys === null || call.keys.some((key) => linked.has(key)));
    if (touched.some((call) => call.keys === null)) return () => true;
    grown = touched.length > 0;
    for (const call of touched) for (const key of call.keys ?? []) linked.add(key);
    open = open.filter((call) => !touched.includes(call));
  }
  return (call) => call.keys?.some((key) => linked.has(key)) === true;
}
