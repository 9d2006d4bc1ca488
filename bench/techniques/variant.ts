import type { BenchOptions, Durability } from '../options/bench-options.js';
import type { TechniqueName } from './technique.js';

/** A technique with what else sets a contender apart. */
export interface Variant {
  readonly technique: TechniqueName;
  readonly durability: Durability;
  readonly streams: number;
  /** Whether it records what its streams do; else as an engine does where nothing is said, and execution alone never. */
  readonly recording?: boolean;
}

/** Every technique with every durability, in the order given. */
export function variantsOf({ technique, durability, streams }: BenchOptions): Variant[] {
  return technique.flatMap((name) =>
    durability.map((each) => ({ technique: name, durability: each, streams: streamsOfTechnique(name, streams) })),
  );
}

function streamsOfTechnique(technique: TechniqueName, streams: number): number {
  return technique === 'p-smr' || technique === 'sp-smr' ? streams : 1;
}

/** Names a variant among others. */
export function labelOf({
  technique,
  durability,
  recording,
}: Pick<Variant, 'technique' | 'durability' | 'recording'>): string {
  const said = [
    ...(durability === 'memory' ? [] : [durability]),
    ...(recording === undefined ? [] : [onOff(recording)]),
  ];
  return said.length === 0 ? technique : `${technique} (${said.join(', ')})`;
}

function onOff(recording: boolean): string {
  return `recording ${recording ? 'on' : 'off'}`;
}
