/** Where the replies of a session go: a network connection or a ring. */
export interface ReplyLink {
  /** False: the client is gone. */
  send(frame: Uint8Array): boolean;
}
