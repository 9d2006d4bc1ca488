/**
 * sfc32 (Doty-Humphrey, PractRand): whole numbers of 32 bits, the same on every machine for the same seed. `rounds` are
 * thrown away first, so that seeds that differ little give numbers that differ much.
 */
export function sfc32(seedA: number, seedB: number, seedC: number, rounds: number): () => number {
  let a = seedA | 0;
  let b = seedB | 0;
  let c = seedC | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (let round = 0; round < rounds; round++) next();
  return next;
}
