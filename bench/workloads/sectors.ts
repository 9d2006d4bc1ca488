import { EXTENT_SECTORS, type ExtentPart } from './extents.js';

const BLANK = '.';

/** The sectors of a part, of an extent's content (`undefined`: never written, blank). */
export function readSectors(extent: string | undefined, part: ExtentPart, sectorBytes: number): string {
  if (extent === undefined) return BLANK.repeat(part.sectors * sectorBytes);
  return extent.slice(part.offset * sectorBytes, (part.offset + part.sectors) * sectorBytes);
}

/** An extent's content with a part of it replaced by `data`. */
export function writeSectors(extent: string | undefined, part: ExtentPart, data: string, sectorBytes: number): string {
  const before = extent ?? BLANK.repeat(EXTENT_SECTORS * sectorBytes);
  return before.slice(0, part.offset * sectorBytes) + data + before.slice((part.offset + part.sectors) * sectorBytes);
}

/** Digits of a sector's number and of its write's number in its content. */
const LBN_DIGITS = 6;
const STAMP_DIGITS = 4;
/** The fewest characters that a sector must hold to say where it belongs and who wrote it. */
export const SECTOR_BYTES_MIN = LBN_DIGITS + STAMP_DIGITS;

/** What write number `stamp` puts into one sector: which sector it is, which write it was, padding. */
export function sectorContent(lbn: number, stamp: number, sectorBytes: number): string {
  return (digits(lbn, LBN_DIGITS) + digits(stamp, STAMP_DIGITS)).padEnd(sectorBytes, '-');
}

export function writtenContent(lbn: number, sectors: number, stamp: number, sectorBytes: number): string {
  let data = '';
  for (let i = 0; i < sectors; i++) data += sectorContent(lbn + i, stamp, sectorBytes);
  return data;
}

function digits(value: number, count: number): string {
  return (value % 36 ** count).toString(36).padStart(count, '0');
}

/**
 * Whether what a read returned can have been written: every sector blank, or wholly one write's and its own. It needs no
 * order of the commands, so it holds for any correct execution. Returns the sentence that says what is wrong, or null.
 */
export function misread(lbn: number, sectors: number, sectorBytes: number, content: unknown): string | null {
  if (typeof content !== 'string' || content.length !== sectors * sectorBytes)
    return `a read of ${sectors} sectors from ${lbn} returned ${describe(content)}`;
  for (let i = 0; i < sectors; i++) {
    const sector = content.slice(i * sectorBytes, (i + 1) * sectorBytes);
    if (sector !== BLANK.repeat(sectorBytes) && !belongs(sector, lbn + i)) return `sector ${lbn + i} holds '${sector}'`;
  }
  return null;
}

function describe(content: unknown): string {
  return typeof content === 'string' ? `${content.length} characters` : `a ${typeof content}`;
}

function belongs(sector: string, lbn: number): boolean {
  const stamp = Number.parseInt(sector.slice(LBN_DIGITS, SECTOR_BYTES_MIN), 36);
  return sector === sectorContent(lbn, stamp, sector.length);
}
