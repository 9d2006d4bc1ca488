/** A generator of numbers in [0, 1). */
export type Random = () => number;

/** sfc32 (Doty-Humphrey, PractRand): the same seed gives the same numbers on every machine. */
export function randomSource(seed: number): Random {
  let a = seed | 0;
  let b = Math.floor(seed / 0x1_0000_0000) | 0;
  let c = 0x9e37_79b9 | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 0x1_0000_0000;
  };
  for (let round = 0; round < 15; round++) next();
  return next;
}

/** A whole number in [0, count). */
export function below(count: number, random: Random): number {
  return Math.floor(random() * count);
}
