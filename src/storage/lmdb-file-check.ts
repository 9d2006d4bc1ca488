/**
 * LMDB maps its file into memory and trusts every byte of it: a foreign, truncated or damaged file ends the process
 * with a signal. This walks the file's trees first, before it is opened, and checks all that LMDB will follow: page
 * numbers, page kinds, the places of nodes in their pages, and that no page is used twice. It does not check values:
 * the checkpoint store has its own checksums.
 *
 *   page    0 u64 number | 8 u64 transaction | 16 u16 | 18 u16 flags | 20 u16 lower | 22 u16 upper (or 20 u32 pages)
 *           | 24 node places, u16 each, from byte 24 on | nodes
 *   node    0 u32 data bytes, or u48 child page | 4 u16 flags | 6 u16 key bytes | 8 key | data, or for a value on pages
 *           of its own: u64 page, u64 transaction, u64 pages
 *   meta    (pages 0 and 1, from byte 24 on) 0 u32 magic | 4 u32 version | 24 free tree, 48 B | 72 main tree, 48 B
 *           | 120 u64 last page | 128 u64 transaction
 *   tree    0 u32 page bytes (free tree) | 4 u16 flags | 6 u16 depth | 40 u64 root page
 */
import * as fs from 'node:fs';
import { corrupt, foreign } from './storage-error.js';

const MAGIC = 0xbeefc0de;
const VERSION = 2;
const HEADER = 24;
const NODE_HEADER = 8;
const Flag = { branch: 1, leaf: 2, overflow: 4, meta: 8 } as const;
const BIG_VALUE = 1;
const NO_PAGE = 2 ** 64; // what all bits set read as
const SMALLEST_PAGE = 512;
const LARGEST_PAGE = 65_536;
const FREE_TREE_FLAGS = 8;

interface Tree {
  readonly flags: number;
  readonly depth: number;
  readonly root: number;
}

interface Meta {
  readonly transaction: number;
  readonly lastPage: number;
  readonly free: Tree;
  readonly main: Tree;
}

/** Sees every key of the main tree, with a way to its value. */
export type VisitNode = (key: Buffer, value: () => Buffer) => void;

const u64 = (bytes: Buffer, at: number): number => Number(bytes.readBigUInt64LE(at));

class LmdbFile {
  readonly path: string;
  readonly bytes: number;
  pageBytes = SMALLEST_PAGE;
  readonly #descriptor: number;
  readonly #used = new Set<number>();
  /** Of the tree that is being walked. */
  visit: VisitNode | null = null;

  constructor(path: string, descriptor: number) {
    this.path = path;
    this.#descriptor = descriptor;
    this.bytes = fs.fstatSync(descriptor).size;
  }

  read(at: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, fs.readSync(this.#descriptor, bytes, 0, length, at));
  }

  check(condition: boolean, page: number, what: string): void {
    if (!condition) throw corrupt(this.path, page * this.pageBytes, what);
  }

  /** Reads the first of `count` pages; each may be asked for once. */
  take(number: number, count: number, kind: number, meta: Meta): Buffer {
    const inFile =
      number >= 2 && number + count - 1 <= meta.lastPage && (number + count) * this.pageBytes <= this.bytes;
    this.check(inFile, number, `page ${number} is used and lies outside the file`);
    for (let each = number; each < number + count; each++) {
      this.check(!this.#used.has(each), each, 'a page is used twice');
      this.#used.add(each);
    }
    const page = this.read(number * this.pageBytes, this.pageBytes);
    const sound = u64(page, 0) === number && u64(page, 8) <= meta.transaction && page.readUInt16LE(18) === kind;
    this.check(sound, number, 'the header of a page cannot be read');
    return page;
  }
}

function treeAt(page: Buffer, at: number): Tree {
  return { flags: page.readUInt16LE(at + 4), depth: page.readUInt16LE(at + 6), root: u64(page, at + 40) };
}

function readMeta(file: LmdbFile, number: number): Meta {
  const page = file.read(number * file.pageBytes, file.pageBytes);
  const whole = page.byteLength === file.pageBytes;
  const known = whole && page.readUInt32LE(HEADER) === MAGIC && page.readUInt32LE(HEADER + 4) === VERSION;
  file.check(known && page.readUInt16LE(18) === Flag.meta, number, 'the head of the file cannot be read');
  file.check(page.readUInt32LE(HEADER + 24) === file.pageBytes, number, 'the two heads of the file differ');
  return {
    transaction: u64(page, HEADER + 128),
    lastPage: u64(page, HEADER + 120),
    free: treeAt(page, HEADER + 24),
    main: treeAt(page, HEADER + 72),
  };
}

/** Checks that the file is LMDB's and finds the size of its pages. */
function readHead(file: LmdbFile): void {
  const head = file.read(0, SMALLEST_PAGE);
  if (head.byteLength < SMALLEST_PAGE || head.readUInt32LE(HEADER) !== MAGIC)
    throw foreign(file.path, 'it does not begin as an LMDB file does');
  const pageBytes = head.readUInt32LE(HEADER + 24);
  const power = pageBytes >= SMALLEST_PAGE && pageBytes <= LARGEST_PAGE && Number.isInteger(Math.log2(pageBytes));
  file.check(power, 0, `pages of ${pageBytes} bytes cannot be`);
  file.pageBytes = pageBytes;
}

function checkNode(file: LmdbFile, page: Buffer, number: number, at: number, meta: Meta): void {
  const data = at + NODE_HEADER + page.readUInt16LE(at + 6);
  const flags = page.readUInt16LE(at + 4);
  file.check(flags === 0 || flags === BIG_VALUE, number, 'a node is of an unknown kind');
  const size = page.readUInt32LE(at);
  file.check(data + (flags === 0 ? size : 24) <= page.byteLength, number, 'a node leaves its page');
  const key = page.subarray(at + NODE_HEADER, data);
  if (flags === 0) return file.visit?.(key, () => page.subarray(data, data + size));
  const count = u64(page, data + 16);
  file.check(count === Math.ceil((HEADER + size) / file.pageBytes), number, 'a value does not fit its pages');
  const value = u64(page, data);
  const first = file.take(value, count, Flag.overflow, meta);
  file.check(first.readUInt32LE(20) === count, number, 'a value does not fit its pages');
  file.visit?.(key, () => file.read(value * file.pageBytes + HEADER, size));
}

function checkPage(file: LmdbFile, number: number, depth: number, meta: Meta): void {
  const kind = depth > 1 ? Flag.branch : Flag.leaf;
  const page = file.take(number, 1, kind, meta);
  const lower = page.readUInt16LE(20);
  const upper = page.readUInt16LE(22);
  const room = lower % 2 === 0 && lower <= upper && HEADER + upper <= file.pageBytes;
  file.check(room && lower >= (depth > 1 ? 4 : 2), number, 'the places of nodes in a page cannot be read');
  for (let place = HEADER; place < HEADER + lower; place += 2) {
    const at = HEADER + page.readUInt16LE(place);
    const inPage = at >= HEADER + upper && at + NODE_HEADER <= file.pageBytes && at % 2 === 0;
    file.check(
      inPage && at + NODE_HEADER + page.readUInt16LE(at + 6) <= file.pageBytes,
      number,
      'a node leaves its page',
    );
    if (depth === 1) checkNode(file, page, number, at, meta);
    else checkPage(file, page.readUIntLE(at, 6), depth - 1, meta);
  }
}

function checkTree(file: LmdbFile, tree: Tree, flags: number, meta: Meta): void {
  file.check(tree.flags === flags && tree.depth < 32, 0, 'a tree of the file is of an unknown kind');
  file.check((tree.root === NO_PAGE) === (tree.depth === 0), 0, 'a tree of the file has no root');
  if (tree.depth > 0) checkPage(file, tree.root, tree.depth, meta);
}

/**
 * Throws DATA_FOREIGN or DATA_CORRUPT, naming the file. Nobody may be writing to it. No file, or an empty one: fine.
 *
 * @param visit sees the content on the way, in the order of the keys: a way to read the file without LMDB, which would
 * create a lock file beside it
 */
export function checkLmdbFile(path: string, visit: VisitNode | null = null): void {
  if (!fs.existsSync(path)) return;
  const descriptor = fs.openSync(path, 'r');
  try {
    const file = new LmdbFile(path, descriptor);
    if (file.bytes === 0) return; // created, and the process ended before LMDB wrote its head
    readHead(file);
    const [first, second] = [readMeta(file, 0), readMeta(file, 1)];
    const meta = second.transaction > first.transaction ? second : first;
    checkTree(file, meta.free, FREE_TREE_FLAGS, meta);
    file.visit = visit;
    checkTree(file, meta.main, 0, meta);
  } finally {
    fs.closeSync(descriptor);
  }
}
