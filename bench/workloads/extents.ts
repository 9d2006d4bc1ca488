/** Sectors (512 bytes on the traced disk) per extent: 64 KiB, the size of most of the trace's requests. */
export const EXTENT_SECTORS = 128;

/** The part of a request that lies in one extent. */
export interface ExtentPart {
  readonly extent: number;
  /** First sector within the extent. */
  readonly offset: number;
  readonly sectors: number;
}

export function extentKey(extent: number): string {
  return `extent:${extent}`;
}

/** A request for `sectors` from `lbn` on, by the extents it lies in, in order. */
export function splitByExtent(lbn: number, sectors: number): ExtentPart[] {
  const parts: ExtentPart[] = [];
  let at = lbn;
  for (let left = sectors; left > 0;) {
    const extent = Math.floor(at / EXTENT_SECTORS);
    const offset = at - extent * EXTENT_SECTORS;
    const here = Math.min(left, EXTENT_SECTORS - offset);
    parts.push({ extent, offset, sectors: here });
    at += here;
    left -= here;
  }
  return parts;
}
