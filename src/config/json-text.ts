/** JSON.parse that says where a text stops being JSON, which the engines' own messages often leave out. */
import { messageOf } from '../errors.js';

export interface JsonFault {
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** The character that cannot stand there; null: the text ends too early. */
  readonly character: string | null;
}

/** Where the text is wrong; null where it is JSON. */
export function findJsonFault(text: string): JsonFault | null {
  if (isJson(text)) return null;
  let good = 0;
  let bad = text.length + 1;
  // A text that begins like JSON does so at each shorter length: search by halving.
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (beginsLikeJson(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  const before = text.slice(0, good).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, character: text[good] ?? null };
}

function isJson(text: string): boolean {
  return complaintOf(text) === null;
}

function beginsLikeJson(text: string): boolean {
  const complaint = complaintOf(text);
  if (complaint === null || /^(Unexpected end|Unterminated)/.test(complaint)) return true;
  const position = /at position (\d+)/.exec(complaint)?.[1];
  return position !== undefined && Number(position) >= text.length;
}

/** What JSON.parse says against a text. */
function complaintOf(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}
