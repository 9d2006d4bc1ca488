/** What callers were told, held against what the groups of a model cluster have executed. */
import { expect } from 'vitest';
import type { Outcome } from '../../src/client/call.js';
import type { ModelGroup } from './model-group.js';

export interface Operation {
  readonly id: number;
  readonly name: string;
  readonly group: number;
  readonly invokedMs: number;
  endedMs: number;
  outcome: Outcome | null;
}

interface Seen extends Operation {
  /** How many writes of its group had been executed when it was, a write itself included. */
  readonly version: number;
}

/** Throws where a call did not end, a command was executed twice, a caller was misled, or no order explains it all. */
export function checkHistory(operations: readonly Operation[], groups: readonly ModelGroup[]): void {
  const executions = new Map<number, number>();
  for (const group of groups) for (const id of group.executed) executions.set(id, (executions.get(id) ?? 0) + 1);
  for (const operation of operations) checkOutcome(operation, executions.get(operation.id) ?? 0);
  for (const group of groups) checkOrder(operations, group);
}

function checkOutcome({ id, name, outcome }: Operation, executions: number): void {
  if (outcome === null) throw new Error(`command ${id} never ended`);
  expect(executions, `command ${id} is executed at most once`).toBeLessThanOrEqual(1);
  if (outcome.ok) {
    expect(Array.isArray(outcome.value) && outcome.value[0], `command ${id} gets its own result`).toBe(id);
    if (name !== 'read') expect(executions, `command ${id} was acknowledged`).toBe(1);
  } else if (outcome.error.code === 'COMMAND_FAILED') {
    expect(executions, `command ${id} was executed`).toBe(1);
  } else if (outcome.error.code !== 'OUTCOME_UNKNOWN') {
    expect(executions, `command ${id} ended with ${outcome.error.code}`).toBe(0);
  }
}

/**
 * Linearizability, easily checked because each result tells its place in the order of the group's writes: an operation
 * that began after another had ended does not stand before it.
 */
function checkOrder(operations: readonly Operation[], group: ModelGroup): void {
  const seen = operations.flatMap((operation): Seen[] => {
    const version = versionOf(operation, group);
    return version === null ? [] : [{ ...operation, version }];
  });
  for (const later of seen)
    for (const earlier of seen) {
      if (earlier.endedMs >= later.invokedMs) continue;
      const least = later.name === 'read' ? earlier.version : earlier.version + 1;
      if (later.version < least)
        throw new Error(`command ${later.id} began after ${earlier.id} had ended, and stands before it`);
    }
  const invokedMs = new Map(operations.map((operation) => [operation.id, operation.invokedMs]));
  // The latest beginning of the writes up to each version.
  const latest = [0];
  for (const id of group.executed) latest.push(Math.max(latest.at(-1) ?? 0, invokedMs.get(id) ?? Infinity));
  for (const { name, id, version, endedMs } of seen) {
    if (name !== 'read') expect(group.executed[version - 1], `command ${id} has the result of its execution`).toBe(id);
    if ((latest[version] ?? Infinity) > endedMs) throw new Error(`command ${id} saw a command that began after it`);
  }
}

/** Null: it tells nothing. */
function versionOf({ id, name, group: own, outcome }: Operation, { group, executed }: ModelGroup): number | null {
  if (own !== group || outcome === null) return null;
  if (outcome.ok) return Array.isArray(outcome.value) ? Number(outcome.value[1]) : null;
  if (name !== 'fails' || outcome.error.code !== 'COMMAND_FAILED') return null;
  return executed.indexOf(id) + 1;
}
