import { expect } from 'vitest';
import { PsmrError } from 'psmr';

/** The error of a promise that must reject with one that psmr made. */
export async function rejectionOf(promise: Promise<unknown>): Promise<PsmrError> {
  const thrown: unknown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(PsmrError);
  return thrown as PsmrError;
}
