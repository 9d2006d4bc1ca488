/** A replica answers at its HTTP endpoint before it takes part: it is there, but nothing can be asked of it yet. */
import { PsmrError } from '../../errors.js';
import type { ReplicaStatus } from './replica-status.js';

/** What it answers to all but `/status`; whoever asks may wait for it. */
export function doesNotTakePart(): PsmrError {
  return new PsmrError(
    'UNREACHABLE',
    'The replica does not take part yet: psmr status shows what it waits for. Try again in a moment.',
    { details: { takesPart: false } },
  );
}

export function isNotTakingPart({ details }: PsmrError): boolean {
  return details['takesPart'] === false;
}

/** False also for one that does not answer. One that does not take part knows of no group. */
export function takesPart({ status }: { readonly status: ReplicaStatus | null }): boolean {
  return status !== null && status.groups.length > 0;
}
