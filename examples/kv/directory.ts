/**
 * A directory: entries in the order of their names, as one value of the state. A value is copied when it is set, at a
 * cost that grows with the number of its parts; so entries lie in pages, each page one JSON text. A write parses and
 * makes one page anew and copies references to the others.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

export interface Entry {
  /** What follows the directory in the key. */
  readonly name: string;
  readonly value: Json;
  /** Of the command that wrote it: no two writes have the same. */
  readonly version: string;
  /** From this time on, in ms since 1970, it is as if there were no such entry; null: it stays. */
  readonly expiresAt: number | null;
}

/** Page i begins with the name `firsts[i]`. Both in ascending order; no page is empty. */
export interface Directory {
  readonly firsts: readonly string[];
  readonly pages: readonly string[];
}

export const EMPTY: Directory = { firsts: [], pages: [] };
/** A page of more is split. Larger: dearer reads and writes of one entry; smaller: more pages to copy. */
export const PAGE_ENTRIES_MAX = 24;

export function lookUp(directory: Directory, name: string, now: number): Entry | undefined {
  const entry = readPage(directory, pageOf(directory, name)).find((each) => each.name === name);
  return entry !== undefined && isLive(entry, now) ? entry : undefined;
}

/** The directory with this entry, or without the one of this name: `entry` null. */
export function write(directory: Directory, name: string, entry: Entry | null, now: number): Directory {
  const at = pageOf(directory, name);
  const before = readPage(directory, at);
  // The page is made anew anyway: a good time to drop what has expired.
  const entries = before.filter((each) => each.name !== name && isLive(each, now));
  if (entry !== null) {
    const place = entries.findIndex((each) => each.name > name);
    entries.splice(place < 0 ? entries.length : place, 0, entry);
  }
  return replacePage(directory, at, entries);
}

/** Without what has expired, and how much that was. */
export function sweep(directory: Directory, now: number): { directory: Directory; dropped: number } {
  let swept = directory;
  let dropped = 0;
  // From the end: pages that vanish do not move those that are still to come.
  for (let at = directory.pages.length - 1; at >= 0; at--) {
    const entries = readPage(directory, at);
    const live = entries.filter((entry) => isLive(entry, now));
    if (live.length === entries.length) continue;
    dropped += entries.length - live.length;
    swept = replacePage(swept, at, live);
  }
  return { directory: swept, dropped };
}

/** Entries from `from` on, before `to` (null: to the end), in order. */
export function* entriesBetween(directory: Directory, from: string, to: string | null, now: number): Generator<Entry> {
  for (let at = pageOf(directory, from); at < directory.pages.length; at++) {
    for (const entry of readPage(directory, at)) {
      if (to !== null && entry.name >= to) return;
      if (entry.name >= from && isLive(entry, now)) yield entry;
    }
  }
}

function isLive({ expiresAt }: Entry, now: number): boolean {
  return expiresAt === null || expiresAt > now;
}

/** The page that has the name, or would get it: the last that begins at or before it. */
function pageOf({ firsts }: Directory, name: string): number {
  let low = 0;
  let high = firsts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((firsts[middle] ?? '') <= name) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

function readPage({ pages }: Directory, at: number): Entry[] {
  const page = pages[at];
  return page === undefined ? [] : (JSON.parse(page) as Entry[]);
}

function replacePage({ firsts, pages }: Directory, at: number, entries: readonly Entry[]): Directory {
  const half = entries.length > PAGE_ENTRIES_MAX ? entries.length >> 1 : entries.length;
  const parts = [entries.slice(0, half), entries.slice(half)].filter((part) => part.length > 0);
  return {
    firsts: firsts.toSpliced(at, 1, ...parts.map((part) => part[0]?.name ?? '')),
    pages: pages.toSpliced(at, 1, ...parts.map((part) => JSON.stringify(part))),
  };
}
