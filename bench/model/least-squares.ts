/** `rows[i]` times the solution should be `targets[i]`. */
export interface LinearSystem {
  readonly rows: readonly (readonly number[])[];
  readonly targets: readonly number[];
}

/** Beyond this, trying every set of columns takes too long. */
const COLUMNS_MAX = 10;
const SINGULAR = 1e-12;

/**
 * The solution without negative numbers that comes closest, by the sum of squared differences. Tries every set of columns
 * that may be above zero, so it is exact, and for few columns. A column that the others make up is left out.
 */
export function nonNegativeLeastSquares({ rows, targets }: LinearSystem): number[] {
  const columns = rows[0]?.length ?? 0;
  if (columns > COLUMNS_MAX) throw new RangeError(`${columns} columns; ${COLUMNS_MAX} at most`);
  let best = new Array<number>(columns).fill(0);
  let least = residual(rows, targets, best);
  for (let set = 1; set < 2 ** columns; set++) {
    const chosen = best.map((_value, column) => column).filter((column) => (set >> column) & 1);
    const solution = solveNormal(rows, targets, chosen);
    if (solution === null || solution.some((value) => value < 0)) continue;
    const full = best.map((_value, column) => solution[chosen.indexOf(column)] ?? 0);
    const difference = residual(rows, targets, full);
    if (difference < least * (1 - 1e-9)) [best, least] = [full, difference];
  }
  return best;
}

function residual(rows: LinearSystem['rows'], targets: readonly number[], solution: readonly number[]): number {
  return rows.reduce((sum, row, at) => sum + (dot(row, solution) - (targets[at] ?? 0)) ** 2, 0);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
}

/** Of these columns alone; null: they do not determine it. */
function solveNormal(
  rows: LinearSystem['rows'],
  targets: readonly number[],
  columns: readonly number[],
): number[] | null {
  const column = (at: number): number[] => rows.map((row) => row[at] ?? 0);
  const matrix = columns.map((a) => [...columns.map((b) => dot(column(a), column(b))), dot(column(a), targets)]);
  return eliminate(matrix);
}

/** Gauss and Jordan, on a square matrix with the right side as its last column. */
function eliminate(matrix: number[][]): number[] | null {
  const size = matrix.length;
  const scale = Math.max(...matrix.map((row, at) => Math.abs(row[at] ?? 0)));
  for (let at = 0; at < size; at++) {
    const pivot = matrix
      .slice(at)
      .reduce((most, row) => (Math.abs(row[at] ?? 0) > Math.abs(most[at] ?? 0) ? row : most));
    const head = pivot[at] ?? 0;
    if (Math.abs(head) <= scale * SINGULAR) return null;
    matrix.splice(matrix.indexOf(pivot), 1);
    matrix.splice(at, 0, pivot);
    for (const row of matrix) {
      if (row === pivot) continue;
      const factor = (row[at] ?? 0) / head;
      pivot.forEach((value, i) => (row[i] = (row[i] ?? 0) - factor * value));
    }
  }
  return matrix.map((row, at) => (row[size] ?? 0) / (row[at] ?? 1));
}
