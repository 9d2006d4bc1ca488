import { dirname, join } from 'node:path';
import { PsmrError, invariant } from '../errors.js';
import { cutSegment } from './log-cut.js';
import { recoverLog } from './log-recovery.js';
import { nodeFileSystem } from './node-file-system.js';
import {
  IDENTITY_BYTES_MAX,
  RECORD_HEADER_BYTES,
  encodeEndMark,
  restartName,
  segmentBytesFor,
} from './segment-format.js';
import { activate, plannedSegment, Spare, type LogDirectory } from './segment-preparation.js';
import { SegmentList } from './segment-list.js';
import { readRecords } from './segment-reading.js';
import { logClosed, storageFailed } from './storage-error.js';
import { WriteRun } from './write-run.js';
import type { FileSystem } from './file-system.js';
import type { RecoveryReport } from './log-recovery.js';
import type { LogStore, StoredRecord } from './log-store.js';
import type { Segment } from './segment.js';

const SEGMENT_BYTES = 16 * 1024 * 1024;
/** A log begins with a small segment, and each next one is twice as large: an idle stream costs little disk. */
const FIRST_SEGMENT_BYTES = 1024 * 1024;
/** The next segment is prepared while the newest one fills from here to there, as shares of it. */
const SPARE_FROM = 0.25;
const SPARE_TO = 0.85;
/** Write buffers that are kept for later writes: one is filled while another is written. A larger one is not kept. */
const KEPT_BUFFERS = 2;
const KEPT_BUFFER_BYTES = 2 * 1024 * 1024;

export interface SegmentLogOptions {
  /** The size that segment files grow to; a larger record gets a file of its own. Default 16 MiB. */
  readonly segmentBytes?: number;
  /** Whose log this is, at most 256 bytes of UTF-8; opening with another one is DATA_MISMATCH. */
  readonly identity?: string;
  /** Default: the operating system's files. */
  readonly fileSystem?: FileSystem;
}

/**
 * A LogStore on preallocated, checksummed segment files (segment-format.ts has the layout, log-recovery.ts the rules of
 * recovery). One sync is one write and one fdatasync per segment touched. What was appended and not yet synced is held
 * in memory: the caller bounds it by how much it appends before it awaits a sync.
 */
export class SegmentLogStore implements LogStore {
  /** What opening found. */
  readonly recovery: RecoveryReport;
  readonly #directory: LogDirectory;
  readonly #segmentBytes: number;
  readonly #segments: SegmentList;
  /** Not on disk yet, oldest first; none is written to once a sync has taken it. */
  #runs: WriteRun[] = [];
  #open: WriteRun | null = null;
  #spare: Spare | null = null;
  /** Spares that planned segments will be made of. */
  readonly #planned = new Map<Segment, Spare>();
  /** Write buffers that nothing uses now. */
  readonly #buffers: Uint8Array[] = [];
  #durableIndex: number;
  /** Syncs and cuts, one after another. */
  #tail: Promise<unknown> = Promise.resolve();
  #scheduledSync: Promise<number> | null = null;
  /** Syncs and cuts that are not over. */
  #turns = 0;
  #removals: Promise<void> = Promise.resolve();
  #cutting = false;
  #failure: PsmrError | null = null;
  #closing: Promise<void> | null = null;
  #closed = false;

  private constructor(directory: LogDirectory, segmentBytes: number, segments: SegmentList, recovery: RecoveryReport) {
    this.#directory = directory;
    this.#segmentBytes = segmentBytes;
    this.#segments = segments;
    this.recovery = recovery;
    this.#durableIndex = this.lastIndex;
  }

  /** Opens or creates the log in `path`. Throws DATA_CORRUPT, DATA_FOREIGN, DATA_MISMATCH, STORAGE_FAILED. */
  static async open(path: string, options: SegmentLogOptions = {}): Promise<SegmentLogStore> {
    const { segmentBytes = SEGMENT_BYTES, identity = '', fileSystem = nodeFileSystem } = options;
    invariant(segmentBytes >= segmentBytesFor(0), 'a segment has room for a record');
    invariant(Buffer.byteLength(identity) <= IDENTITY_BYTES_MAX, 'a log identity is short');
    const directory: LogDirectory = { fileSystem, path, identity };
    try {
      fileSystem.createDirectory(path);
      const { segments, report } = await recoverLog(directory);
      if (segments.length === 0) segments.push(await firstSegment(directory, segmentBytes));
      return new SegmentLogStore(directory, segmentBytes, new SegmentList(segments), report);
    } catch (error) {
      throw error instanceof PsmrError ? error : storageFailed(path, error);
    }
  }

  get firstIndex(): number {
    return this.#segments.oldest.firstIndex;
  }

  get lastIndex(): number {
    return this.#segments.newest.lastIndex;
  }

  get durableIndex(): number {
    return this.#durableIndex;
  }

  get bytes(): number {
    return this.#segments.bytes;
  }

  append(index: number, pieces: readonly Uint8Array[]): void {
    this.#checkOpen();
    invariant(index === this.lastIndex + 1, `record ${index} follows record ${this.lastIndex}`);
    invariant(!this.#cutting, 'nothing is appended during truncateAbove or restartAt');
    let payloadBytes = 0;
    for (const piece of pieces) payloadBytes += piece.byteLength;
    if (!this.#segments.newest.fits(payloadBytes)) this.#addSegment(payloadBytes);
    this.#runFor(this.#segments.newest).append(pieces, payloadBytes, this.#durableIndex);
  }

  sync(onTheSpot = false): Promise<number> {
    if (onTheSpot && this.#turns === 0 && this.#failure === null && !this.#closed) {
      try {
        if (this.#flushOnTheSpot()) return Promise.resolve(this.#durableIndex);
      } catch (error) {
        return Promise.reject(this.#failed(error, this.#runs[0]?.segment.path));
      }
    }
    this.#scheduledSync ??= this.#inTurn(() => {
      this.#scheduledSync = null;
      return this.#flush();
    });
    return this.#scheduledSync;
  }

  read(from: number, maxBytes: number): StoredRecord[] {
    this.#checkUsable();
    invariant(from >= this.firstIndex, `record ${from} is not below the oldest, ${this.firstIndex}`);
    return readRecords(this.#segments, this.#runs, { from, to: this.lastIndex, maxBytes });
  }

  truncateBelow(index: number): Promise<void> {
    if (this.#closing !== null) return Promise.reject(logClosed());
    const dropped = this.#segments.takeBelow(index);
    this.#removals = this.#removals.then(() => this.#guarded(() => this.#remove(dropped)));
    this.#removals.catch(() => undefined);
    return this.#removals;
  }

  async truncateAbove(index: number): Promise<void> {
    invariant(index >= this.firstIndex - 1, 'the cut is not below the oldest record');
    this.#checkOpen();
    if (index >= this.lastIndex) return;
    this.#cutting = true;
    await this.#inTurn(async () => {
      await this.#flush();
      await this.#cutAbove(index);
      this.#cutting = false;
    });
  }

  async restartAt(index: number): Promise<void> {
    invariant(index >= 1, 'records are numbered from 1');
    this.#checkOpen();
    this.#cutting = true;
    await this.#inTurn(async () => {
      await this.#flush();
      const { fileSystem, path } = this.#directory;
      const spare = new Spare(this.#directory, Math.min(this.#segmentBytes, FIRST_SEGMENT_BYTES));
      const segment = plannedSegment(this.#directory, spare, index);
      const file = await spare.whole();
      const unnamed = join(path, restartName(index));
      fileSystem.rename(spare.path, unnamed);
      // From here on the log is the new one, whatever happens: recovery ends what is begun here.
      await fileSystem.syncDirectory(path);
      await this.#remove(this.#segments.replaceWith(segment));
      fileSystem.rename(unnamed, segment.path);
      await fileSystem.syncDirectory(path);
      segment.file = file;
      this.#durableIndex = index - 1;
      this.#cutting = false;
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  #checkUsable(): void {
    if (this.#failure !== null) throw this.#failure;
    if (this.#closed) throw logClosed();
  }

  /** For changes: behind the end mark, nothing may follow that it does not know of. */
  #checkOpen(): void {
    this.#checkUsable();
    if (this.#closing !== null) throw logClosed();
  }

  #runFor(segment: Segment): WriteRun {
    if (this.#open?.segment !== segment) {
      this.#open = new WriteRun(segment, this.#buffers.pop() ?? null);
      this.#runs.push(this.#open);
    }
    return this.#open;
  }

  #nextSegmentBytes(): number {
    return Math.min(this.#segmentBytes, this.#segments.newest.fileBytes * 2);
  }

  #addSegment(payloadBytes: number): void {
    const least = segmentBytesFor(payloadBytes);
    let spare = this.#spare;
    if (spare !== null && spare.fileBytes >= least) this.#spare = null;
    else spare = new Spare(this.#directory, Math.max(least, this.#nextSegmentBytes()));
    const segment = plannedSegment(this.#directory, spare, this.lastIndex + 1);
    this.#planned.set(segment, spare);
    this.#segments.add(segment);
  }

  /** Runs an operation after those before it; its failure is the store's. */
  #inTurn<T>(operation: () => Promise<T>): Promise<T> {
    this.#turns++;
    const result = this.#tail.then(() => this.#guarded(operation));
    this.#tail = result.then(
      () => this.#turns--,
      () => this.#turns--,
    );
    return result;
  }

  async #guarded<T>(operation: () => Promise<T>): Promise<T> {
    this.#checkUsable();
    try {
      return await operation();
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #failed(error: unknown, file = this.#directory.path): PsmrError {
    this.#failure ??= error instanceof PsmrError ? error : storageFailed(file, error);
    return this.#failure;
  }

  /** What `#flush` does, without a promise, where it is one small write to an open file. */
  #flushOnTheSpot(): boolean {
    const [run] = this.#runs;
    if (run === undefined || this.#runs.length > 1 || this.#planned.has(run.segment)) return false;
    if (run.segment.file?.storeOnTheSpot(run.position, run.bytes) !== true) return false;
    this.#open = null;
    this.#written(run);
    this.#prepareAhead();
    return true;
  }

  #written(run: WriteRun): void {
    this.#runs.shift();
    this.#durableIndex = run.lastIndex;
    if (run.buffer.byteLength <= KEPT_BUFFER_BYTES && this.#buffers.length < KEPT_BUFFERS)
      this.#buffers.push(run.buffer);
  }

  async #flush(): Promise<number> {
    this.#open = null; // appends from here on are the next sync's
    for (let left = this.#runs.length; left > 0; left--) {
      const run = this.#runs[0];
      invariant(run !== undefined, 'the runs taken are there');
      await this.#write(run);
      this.#written(run);
    }
    this.#prepareAhead();
    return this.#durableIndex;
  }

  async #write(run: WriteRun): Promise<void> {
    const { segment } = run;
    try {
      const spare = this.#planned.get(segment);
      if (spare !== undefined) await activate(this.#directory, segment, spare);
      this.#planned.delete(segment);
      invariant(segment.file !== null, 'a segment written to has its file');
      await segment.file.write(run.position, run.bytes);
      await segment.file.sync();
    } catch (error) {
      // Until it is activated the segment is its spare's file.
      throw this.#failed(error, (this.#planned.get(segment) ?? segment).path);
    }
  }

  /** As fast as the log fills, and no faster: the disk has the log itself to write. */
  #prepareAhead(): void {
    const { end, fileBytes } = this.#segments.newest;
    const share = (end / fileBytes - SPARE_FROM) / (SPARE_TO - SPARE_FROM);
    if (share <= 0) return;
    this.#spare ??= new Spare(this.#directory, this.#nextSegmentBytes());
    this.#spare.keepUp(share);
  }

  /** Oldest first and one by one: what a crash leaves has no gap. */
  async #remove(segments: readonly Segment[]): Promise<void> {
    for (const segment of segments) {
      segment.file?.close();
      this.#directory.fileSystem.remove(segment.path);
      await this.#directory.fileSystem.syncDirectory(this.#directory.path);
    }
  }

  /** Newest first, for the same reason. */
  async #cutAbove(index: number): Promise<void> {
    this.#durableIndex = index;
    for (let above = this.#segments.takeAbove(index); above !== null; above = this.#segments.takeAbove(index)) {
      await this.#remove([above]);
    }
    const { file, salt, end } = this.#segments.newest;
    invariant(file !== null, 'all segments have their files after a flush');
    // An end mark may stand behind the last record: it would prove records durable that the cut takes away.
    const usedTo = end + RECORD_HEADER_BYTES;
    this.#segments.newest.cutAbove(index);
    await cutSegment(file, { end: this.#segments.newest.end, usedTo, nextIndex: index + 1, salt });
  }

  async #finish(): Promise<void> {
    await this.#tail;
    try {
      if (this.#failure === null) await this.#inTurn(() => this.#end());
    } finally {
      await this.#removals.catch(() => undefined);
      this.#closed = true;
      await this.#spare?.discard();
      this.#segments.closeFiles();
    }
  }

  /** Marks the end, so that a later loss of the last records cannot pass for a torn write. */
  async #end(): Promise<void> {
    await this.#flush();
    const { file, end, salt } = this.#segments.newest;
    invariant(file !== null, 'all segments have their files after a flush');
    await file.write(end, encodeEndMark(this.lastIndex + 1, salt));
    await file.sync();
  }
}

/** Begins a log: its first segment, and the name of its directory, durable. */
async function firstSegment(directory: LogDirectory, segmentBytes: number): Promise<Segment> {
  const spare = new Spare(directory, Math.min(segmentBytes, FIRST_SEGMENT_BYTES));
  const segment = plannedSegment(directory, spare, 1);
  await activate(directory, segment, spare);
  await directory.fileSystem.syncDirectory(dirname(directory.path));
  return segment;
}
