import type { PartitionMap } from '../classifier/partition-map.js';
import { PsmrError } from '../errors.js';
import { clientClosed } from './client-errors.js';
import { checkedSubscribeOptions } from './subscribe-options.js';
import { MergedSubscription, type SubscribeOptions, type Subscription, type SubscriptionHost } from './subscription.js';

/** All subscriptions of one client: they end with it. */
export class Subscriptions {
  readonly #host: Omit<SubscriptionHost, 'map'> & { map(): Promise<PartitionMap> };
  readonly #open = new Set<MergedSubscription>();
  #closed = false;

  constructor(host: Omit<SubscriptionHost, 'map'> & { map(): Promise<PartitionMap> }) {
    this.#host = host;
  }

  async open(options: SubscribeOptions): Promise<Subscription> {
    const checked = checkedSubscribeOptions(options);
    const { clock, giveUpMs } = this.#host;
    const untilMs = clock.now() + giveUpMs;
    for (;;) {
      const map = await this.#host.map();
      if (this.#closed) throw clientClosed();
      try {
        return await MergedSubscription.open(
          { ...this.#host, map },
          checked,
          (ended) => this.#open.delete(ended),
          (begun) => this.#open.add(begun),
        );
      } catch (thrown) {
        if (checked.after !== undefined || !isLost(thrown) || clock.now() >= untilMs) throw thrown;
        // It began in one stream, and was left behind there before it had begun in all. From now on is later now.
      }
    }
  }

  close(): void {
    this.#closed = true;
    for (const subscription of [...this.#open]) subscription.clientClosed();
  }
}

function isLost(thrown: unknown): boolean {
  return thrown instanceof PsmrError && thrown.code === 'SUBSCRIPTION_LOST';
}
