/**
 * The few file operations that the log is made of. Two implementations: the operating system's
 * (node-file-system.ts) and one in memory that loses power on demand (memory-disk.ts), so that crash tests run
 * the real log code.
 */
export interface FileSystem {
  /** Names in a directory, sorted. */
  list(directory: string): string[];
  /** Creates a directory and those above it; no error where it exists. */
  createDirectory(directory: string): void;
  /** Opens an existing file, or creates an empty one (an error where it exists). */
  open(path: string, mode: 'existing' | 'create'): StoredFile;
  remove(path: string): void;
  rename(from: string, to: string): void;
  /** Makes creations, removals and renames in a directory durable. */
  syncDirectory(directory: string): Promise<void>;
}

export interface StoredFile {
  /** Bytes. */
  size(): number;
  /** Reads up to `length` bytes from `position` on; fewer at the end of the file. */
  read(position: number, length: number): Uint8Array;
  /** Writes all of `bytes`, which must not change until the promise settles. */
  write(position: number, bytes: Uint8Array): Promise<void>;
  /** Makes everything written durable (fdatasync). */
  sync(): Promise<void>;
  /**
   * Writes all of `bytes` and makes everything written durable before it returns, where that takes no longer than letting
   * another thread do it: few bytes, on a disk that was quick the last time. False: nothing was done.
   */
  storeOnTheSpot(position: number, bytes: Uint8Array): boolean;
  close(): void;
}
