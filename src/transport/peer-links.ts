/**
 * One group's links to the same group on the other replicas. Each group has its own, on its own endpoint and network
 * interface; a slow or dead peer costs the others nothing. Implementations: WebSocket links (the real one) and a
 * network in memory (simulation).
 */
export interface PeerLinkHandlers {
  /** A whole message from a peer that has proved who it is; `bytes` is valid during the call only. */
  message(from: number, bytes: Uint8Array): void;
  /** Messages sent to the peer may arrive from now on; those sent before were lost. */
  up(peer: number): void;
  /** What was under way to the peer may be lost. */
  down(peer: number): void;
}

export interface PeerLinks {
  /**
   * Queues one message, whose pieces go one after another and must not change any more. False: not sent, because the
   * peer is not connected or has too much unsent already: Raft sends again what matters.
   */
  send(to: number, pieces: readonly Uint8Array[]): boolean;
  /** Bytes queued to a peer and not written yet. */
  unsentBytes(to: number): number;
  /** Replaces whom to connect to (membership). Those left out are disconnected. */
  setPeers(peers: readonly PeerAddress[]): void;
  close(): Promise<void>;
}

export interface PeerAddress {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}
