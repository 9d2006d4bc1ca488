/** How a client reaches one group: over a WebSocket, or through shared memory in the engine's own process. */
import type { PsmrError } from '../errors.js';

export interface GroupLinkHandlers {
  /** A RESULTS or REJECTED frame; `bytes` is valid during the call only. */
  frame(bytes: Uint8Array): void;
  /** There is room (again) after `send` had returned false, or the link has just come up. */
  writable(): void;
  /**
   * The link is gone, once, and calls nothing after. `retry`: opening another may help; else the client is finished
   * and every call fails with the error.
   */
  lost(error: PsmrError, retry: boolean): void;
}

export interface GroupLink {
  /** False: no room now, nothing was taken, try again after `writable`. A frame taken must not be changed any more. */
  send(frame: Uint8Array): boolean;
  /**
   * The replica at the other end has refused a frame because it does not lead: links opened from now on go to `leader`;
   * 0: to whichever is found to lead. This one is about to be closed.
   */
  refused(leader: number): void;
  /** Frames have been unanswered for long: if another replica turns out to do better, this link is `lost`. */
  suspect(): void;
  /** Nothing is called afterwards. */
  close(): void;
}

/** 'lead': to the replica that leads the group. 'read': to any that answers, for read-only frames. */
export type LinkUse = 'lead' | 'read';

/**
 * Returns at once; a link that is not up yet answers `send` with false. Frames arrive at the server in the order of
 * `send`, none twice. Handlers are called from the event loop, never during a call of `OpenLink`, `send` or `close`.
 */
export type OpenLink = (group: number, session: Uint8Array, handlers: GroupLinkHandlers, use: LinkUse) => GroupLink;
