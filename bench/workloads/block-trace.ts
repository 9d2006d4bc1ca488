/** Block requests recorded from a virtual disk: CSV with the header `version,time,op,size,lbn`. */
import { readFileSync } from 'node:fs';
import { messageOf, PsmrError } from '../../src/errors.js';

export interface BlockRequest {
  readonly write: boolean;
  /** First sector of 512 bytes. */
  readonly lbn: number;
  readonly sectors: number;
}

const HEADER = 'version,time,op,size,lbn';
const SECTOR_BYTES = 512;
/** SCSI operation codes, as the trace has them. */
const OPERATIONS: ReadonlyMap<string, boolean> = new Map([
  ['2a', true],
  ['28', false],
]);

/** Throws INVALID_ARGUMENT, naming the file, for a file that cannot be read or is no trace. */
export function readBlockTrace(file: string): BlockRequest[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new PsmrError('INVALID_ARGUMENT', `The trace ${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  return parseBlockTrace(text, file);
}

/** Throws INVALID_ARGUMENT, naming `file` and the line, for anything that is not such a trace. */
export function parseBlockTrace(text: string, file: string): BlockRequest[] {
  const [header, ...lines] = text.split(/\r?\n/);
  if (header !== HEADER) throw invalid(file, 1, `found '${header ?? ''}', a trace begins with '${HEADER}'`);
  while (lines.at(-1) === '') lines.pop();
  if (lines.length === 0) throw invalid(file, 1, 'it has no requests');
  return lines.map((line, i) => parseRequest(line, file, i + 2));
}

function parseRequest(line: string, file: string, number: number): BlockRequest {
  const [, , op = '', size = '', lbn = ''] = line.split(',');
  const write = OPERATIONS.get(op);
  if (write === undefined) throw invalid(file, number, `op '${op}' is neither 2a (write) nor 28 (read)`);
  const bytes = wholeNumber(size);
  if (bytes === null || bytes === 0) throw invalid(file, number, `size '${size}' is not a positive whole number`);
  const first = wholeNumber(lbn);
  if (first === null) throw invalid(file, number, `lbn '${lbn}' is not a whole number`);
  return { write, lbn: first, sectors: Math.ceil(bytes / SECTOR_BYTES) };
}

function wholeNumber(text: string): number | null {
  const value = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(value) ? value : null;
}

function invalid(file: string, line: number, what: string): PsmrError {
  return new PsmrError('INVALID_ARGUMENT', `The trace ${file} is wrong in line ${line}: ${what}.`, {
    details: { file, line },
  });
}
