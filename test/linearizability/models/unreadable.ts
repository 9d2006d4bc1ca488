import type { z } from 'zod';
import { describeOperation, type Operation } from '../operation.js';

/** An operation that is none of the model's. */
class UnreadableOperation extends Error {
  override readonly name = 'UnreadableOperation';
  readonly operation: Operation;

  constructor(model: string, operation: Operation, what: string) {
    super(`${describeOperation(operation)} is no operation of the ${model} model: ${what}.`);
    this.operation = operation;
  }
}

/** Reads operations by a schema of `{ command, input, output }`; `output` is undefined where the outcome is unknown and null where nothing
 * was returned. */
export function reader<Read>(model: string, schema: z.ZodType<Read>): (operation: Operation) => Read {
  return (operation) => {
    const { command, input, outcome } = operation;
    const read = schema.safeParse({
      command,
      input,
      output: outcome === 'ok' ? (operation.output ?? null) : undefined,
    });
    if (read.success) return read.data;
    const [issue] = read.error.issues;
    throw new UnreadableOperation(model, operation, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  };
}
