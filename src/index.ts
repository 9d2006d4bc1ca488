/** The public API of psmr. */
export { defineService } from './service/define-service.js';
export type {
  CommandArguments,
  CommandName,
  CommandResult,
  EveryKeyCommandDefinition,
  KeyedCommandDefinition,
  ServiceDefinition,
} from './service/define-service.js';
export { everyKey } from './service/command.js';
export type { CommandContext, KeyAccess, Keys, Partition, State } from './service/command.js';
export { Engine } from './replica/engine.js';
export type { EngineOptions } from './replica/engine-options.js';
export type { EngineStats, GroupStats } from './replica/engine-stats.js';
export type { EnginePort } from './replica/engine-port.js';
export type { Feed, FeedBatch, FeedCommand, StreamBatch } from './replica/feed.js';
export type { Listening, ListenOptions } from './replica/server.js';
export { attach } from './replica/attach.js';
export { connect } from './client/connect.js';
export type { ConnectOptions } from './client/connect.js';
export type { BatchCommand, BatchOutcomes, Client, CommandOutcome } from './client/client.js';
export type { SubscribeOptions, Subscription, SubscriptionEvent, SubscriptionPosition } from './client/subscription.js';
export type { CheckpointManifest, PartManifest } from './storage/checkpoint-store.js';
export type { PartitioningConfig, StreamConfig } from './config/config.js';
export type { ClusterConfig } from './config/cluster-schema.js';
export type { Limits } from './config/limits.js';
export { PsmrError } from './errors.js';
export type { ErrorCode } from './errors.js';
