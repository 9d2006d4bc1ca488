/**
 * CPU work for a handler: `iterations` rounds of xorshift32, one to two nanoseconds each, every round waiting for the one
 * before. Handlers may read no clock, and equal work must be equal on every worker: so time is calibrated once, outside,
 * and commands carry iterations.
 */
export function spin(iterations: number): void {
  let x = 0x9e37_79b9 | 0;
  for (let i = 0; i < iterations; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
  }
  // Using the result keeps the compiler from leaving the work out.
  if (x === 0) throw new Error('xorshift32 never reaches 0 from another state');
}

const CALIBRATION_ITERATIONS = 200_000;
const CALIBRATION_ROUNDS = 15;

/** Iterations of `spin` in one microsecond on this machine: the fastest of several rounds, so that a pause cannot lie. */
export function calibrateSpin(nowUs: () => number): number {
  let fastest = Infinity;
  for (let round = 0; round < CALIBRATION_ROUNDS; round++) {
    const start = nowUs();
    spin(CALIBRATION_ITERATIONS);
    fastest = Math.min(fastest, nowUs() - start);
  }
  return CALIBRATION_ITERATIONS / fastest;
}

/** Arguments with their share of work; none is left out, so that light commands stay small. */
export function withWork<A extends object>(args: A, iterations: number): A & { spin?: number } {
  return iterations > 0 ? { ...args, spin: iterations } : args;
}
