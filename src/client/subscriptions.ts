import type { PartitionMap } from '../classifier/partition-map.js';
import { clientClosed } from './client-errors.js';
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
    const map = await this.#host.map();
    if (this.#closed) throw clientClosed();
    return MergedSubscription.open(
      { ...this.#host, map },
      options,
      (ended) => this.#open.delete(ended),
      (begun) => this.#open.add(begun),
    );
  }

  close(): void {
    this.#closed = true;
    for (const subscription of [...this.#open]) subscription.clientClosed();
  }
}
