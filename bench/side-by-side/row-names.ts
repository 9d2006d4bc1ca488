export const ROW_NAMES = [
  'psmr-memory',
  'redis-memory',
  'piscina',
  'piscina-batches',
  'map-loop',
  'psmr-disk',
  'redis-disk',
  'psmr-replicas',
  'psmr-replicas-calls',
  'redis-replicas',
  'etcd',
  'etcd-transactions',
  'nats-always',
  'nats',
  'nats-counted',
  'nats-log',
] as const;
export type RowName = (typeof ROW_NAMES)[number];

/** What a crash may cost: rows of one class are compared. */
export const CLASSES = {
  memory: { title: 'One copy, in memory', lost: 'The end of the process loses everything.' },
  bare: {
    title: 'No service at all',
    lost: 'A loop in one thread, without clients or answers: what the commands themselves cost, compared with psmr in memory.',
  },
  disk: { title: 'One copy, on disk before the answer', lost: 'The loss of the disk loses everything.' },
  replicated: { title: 'Three copies, on disk before the answer', lost: 'Any one machine may be lost for good.' },
  'replicated-later': {
    title: 'Three copies, on disk later',
    lost: 'When machines lose their power together, answered commands may be lost. psmr has no such mode: its row here is the one that syncs.',
  },
} as const;
export type RowClass = keyof typeof CLASSES;

/** psmr's row of each class. */
export const REFERENCES: Readonly<Record<RowClass, RowName>> = {
  memory: 'psmr-memory',
  bare: 'psmr-memory',
  disk: 'psmr-disk',
  replicated: 'psmr-replicas',
  'replicated-later': 'psmr-replicas',
};
