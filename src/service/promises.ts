/** Handlers are synchronous: what they may not return, and how it is made harmless. */

/** Whether `await` would wait for the value: handlers may not return such. */
export function isThenable(value: unknown): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  return 'then' in value && typeof value.then === 'function';
}

/** A refused promise may still reject, after an `await` of its handler: that must not end the worker, which it would. */
export function ignoreRejection(value: unknown): void {
  if (value instanceof Promise) void Promise.prototype.then.call(value, undefined, () => undefined);
}
