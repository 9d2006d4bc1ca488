/** A copy of the settings under a prefix, in this process, that is kept up to date. */
import { PsmrError, type Client, type Subscription } from 'psmr';
import type config from './service.js';
import type { Setting } from './service.js';

export type ConfigClient = Client<typeof config>;

export class LiveSettings {
  readonly #client: ConfigClient;
  readonly #prefix: string;
  readonly #changed: (key: string, setting: Setting) => void;
  /** Removed ones too: an older change of theirs may still come. */
  #settings = new Map<string, Setting>();
  #subscription: Subscription | null = null;
  #closed = false;

  private constructor(client: ConfigClient, prefix: string, changed: (key: string, setting: Setting) => void) {
    this.#client = client;
    this.#prefix = prefix;
    this.#changed = changed;
  }

  /** `changed` hears of every change, those that are found at the start among them; no value: the key was removed. */
  static async open(
    client: ConfigClient,
    prefix: string,
    changed: (key: string, setting: Setting) => void = () => undefined,
  ): Promise<LiveSettings> {
    const settings = new LiveSettings(client, prefix, changed);
    try {
      await settings.#begin();
    } catch (thrown) {
      settings.close();
      throw thrown;
    }
    return settings;
  }

  get(key: string): unknown {
    return this.#settings.get(key)?.value;
  }

  get entries(): [key: string, setting: Setting][] {
    const present = [...this.#settings].filter(([, setting]) => 'value' in setting);
    return present.sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Goes on until it is closed; rejects when no server can be found any more. */
  async follow(): Promise<void> {
    while (!this.#closed && this.#subscription !== null) {
      try {
        for await (const { key, value } of this.#subscription) this.#take(key, value as Setting);
      } catch (thrown) {
        if (!(thrown instanceof PsmrError) || thrown.code !== 'SUBSCRIPTION_LOST') throw thrown;
        // Away for too long: what was missed is in the state.
        await this.#begin();
      }
    }
  }

  close(): void {
    this.#closed = true;
    this.#subscription?.close();
  }

  /**
   * First the subscription, then the read: what is published between the two comes both ways, and the version says so.
   */
  async #begin(): Promise<void> {
    this.#subscription = await this.#client.subscribe({ prefixes: [this.#prefix] });
    // It may have been closed meanwhile, when this one was not there yet.
    if (this.#closed) {
      this.#subscription.close();
      return;
    }
    const found = new Map(await this.#client.execute('list', { prefix: this.#prefix }));
    for (const [key, { version }] of this.#settings) {
      // It went while nobody told us. Its last version is not known, but higher than this one.
      if (!found.has(key)) this.#take(key, { version: version + 1 });
    }
    for (const [key, setting] of found) this.#take(key, setting);
  }

  #take(key: string, setting: Setting): void {
    if (setting.version <= (this.#settings.get(key)?.version ?? 0)) return;
    this.#settings.set(key, setting);
    this.#changed(key, setting);
  }
}
