/** One operation of a history: what a client asked for, when, and what it was told. */
export interface Operation {
  readonly process: number;
  readonly command: string;
  readonly input: unknown;
  /** ok: it happened; fail: it did not happen; info: it may have happened at any time after its invocation, or never. */
  readonly outcome: 'ok' | 'fail' | 'info';
  /** What it returned; undefined unless ok. */
  readonly output: unknown;
  /** ns. Operations of which one returned exactly when the other was invoked count as concurrent. */
  readonly invoked: number;
  /** ns; Infinity unless ok. */
  readonly returned: number;
  /** Of its invocation, from 1 on; 0: it comes from no file. */
  readonly line: number;
}

/** `line 7, process 3: write {"key":"x"} -> true`. */
export function describeOperation(operation: Operation): string {
  const { line, process, command, input, outcome, output } = operation;
  const where = line === 0 ? `process ${process}` : `line ${line}, process ${process}`;
  const result = outcome === 'ok' ? textOf(output) : outcome === 'info' ? 'unknown outcome' : 'failed';
  return `${where}: ${command} ${textOf(input)} -> ${result}`;
}

function textOf(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
