/** What the embedding program hears with, so that its mistakes there end nothing of the replica. */
import { messageOf } from '../errors.js';

/** Never throws: what `listener` throws, or rejects with, is a warning of the process. */
export function guardedListener<T>(name: string, listener: (heard: T) => unknown): (heard: T) => void {
  return (heard) =>
    void settle(() => listener(heard)).catch((thrown: unknown) =>
      process.emitWarning(
        `${name} of Engine.start threw: ${messageOf(thrown)}. Catch in it what it may throw; the replica goes on.`,
        'PsmrWarning',
      ),
    );
}

/** Calls at once; what is thrown is a rejection. */
async function settle(act: () => unknown): Promise<void> {
  await act();
}
