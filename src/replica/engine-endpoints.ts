import type { Listening, ServerParts } from './server.js';

/** An engine's endpoints over time: opened once, also where several ask, and again after they were closed. */
export class EngineEndpoints {
  #listening: Promise<Listening> | null = null;
  /** Settles when those opened before are closed. */
  #closed: Promise<void> | null = null;

  open(parts: () => ServerParts): Promise<Listening> {
    this.#listening ??= this.#open(parts);
    return this.#listening;
  }

  async close(): Promise<void> {
    const listening = await this.#listening?.catch(() => null);
    await listening?.close();
  }

  async #open(parts: () => ServerParts): Promise<Listening> {
    if (this.#closed !== null) await this.#closed;
    try {
      // Asked for here, as of now: loading takes a moment.
      const wanted = parts();
      const { openEndpoints } = await import('./server.js');
      const listening = await openEndpoints(wanted);
      let closing: Promise<void> | null = null;
      const close = (): Promise<void> => {
        if (closing !== null) return closing;
        this.#listening = null;
        return (this.#closed = closing = listening.close());
      };
      return { ...listening, close };
    } catch (error) {
      this.#listening = null;
      throw error;
    }
  }
}
