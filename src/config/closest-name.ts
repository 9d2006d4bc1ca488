const PREFIX_LENGTH_MIN = 3;

/** The name that was probably meant: the one fewest edits away, if those are few, or else one with the same beginning. */
export function closestName(typed: string, names: readonly string[]): string | null {
  let closest = names.find((name) => beginsAlike(name, typed)) ?? null;
  let fewest = Math.max(2, Math.floor(typed.length / 3)) + 1;
  for (const name of names) {
    const edits = editsBetween(typed.toLowerCase(), name.toLowerCase());
    if (edits < fewest) {
      fewest = edits;
      closest = name;
    }
  }
  return closest;
}

function beginsAlike(name: string, typed: string): boolean {
  if (Math.min(name.length, typed.length) < PREFIX_LENGTH_MIN) return false;
  return name.startsWith(typed) || typed.startsWith(name);
}

/** Levenshtein distance, a row of the table at a time. */
function editsBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      const replaced = (row[j] ?? 0) + (from[i] === to[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
