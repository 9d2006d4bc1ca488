/**
 * Texts inside objects, and the longer ones alone, as a partition keeps them. V8 makes a piece of a longer string a view
 * of it, which keeps all of it in memory; msgpackr cuts texts of up to 255 characters from strings of up to 6,000 (its
 * longer ones, and those with other characters than ASCII's, are strings of their own). A value that outlives its batch
 * would cost that much.
 */
const CUT_MIN = 13;
const CUT_MAX = 255;
const scratch = Buffer.allocUnsafeSlow(3 * CUT_MAX);

/** The same text, not as a view of a longer one where it may be that. It must be well-formed. */
export function ownText(text: string): string {
  if (text.length < CUT_MIN || text.length > CUT_MAX) return text;
  return scratch.toString('utf8', 0, scratch.write(text, 'utf8'));
}
