/** What a configuration accepts at a path, in words, read off its JSON Schema. */
import { z } from 'zod';
import { configSchema } from './config-schema.js';

type Node = z.core.JSONSchema.BaseSchema;

/** The JSON Schema of psmr.config.json. */
export function configJsonSchema(): Node {
  return z.toJSONSchema(configSchema, { io: 'input' });
}

/** The names of the fields that an object at this path may have. */
export function fieldsAt(path: readonly PropertyKey[]): string[] {
  return [...new Set(nodesAt(path).flatMap((node) => Object.keys(node.properties ?? {})))];
}

/** Such as "a whole number from 1 to 64, or a list of 1 to 64 objects". */
export function acceptedAt(path: readonly PropertyKey[]): string {
  return [...new Set(nodesAt(path).map(inWords))].join(', or ');
}

function nodesAt(path: readonly PropertyKey[]): Node[] {
  return path.reduce<Node[]>(
    (nodes, step) => nodes.flatMap((node) => below(node, step)).flatMap(alternatives),
    alternatives(configJsonSchema()),
  );
}

function alternatives(node: Node): Node[] {
  const inner = [...(node.anyOf ?? []), ...(node.oneOf ?? [])];
  return inner.length === 0 ? [node] : inner.flatMap(alternatives);
}

function below(node: Node, step: PropertyKey): Node[] {
  const { items, properties, additionalProperties } = node;
  if (typeof step === 'number') return isNode(items) ? [items] : [];
  const named = properties?.[String(step)] ?? additionalProperties;
  return isNode(named) ? [named] : [];
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function inWords(node: Node): string {
  if (node.const !== undefined) return JSON.stringify(node.const);
  if (node.enum !== undefined) return node.enum.map((value) => JSON.stringify(value)).join(', or ');
  switch (node.type) {
    case 'integer':
      return `a whole number${range(node.minimum, node.maximum)}`;
    case 'string':
      return `a string${range(node.minLength, node.maxLength)}${node.minLength === undefined ? '' : ' characters'}`;
    case 'array':
      return `a list of${range(node.minItems, node.maxItems).replace(' of', '').replace(' from', '')} ${items(node)}`;
    case 'boolean':
      return 'true or false';
    case 'object':
      return 'an object';
    default:
      return typeof node.type === 'string' ? node.type : 'anything';
  }
}

function items({ items: item }: Node): string {
  return isNode(item) && item.type === 'string' ? 'strings' : 'objects';
}

function range(least: number | undefined, most: number | undefined): string {
  if (least === undefined) return '';
  if (most === undefined || most >= Number.MAX_SAFE_INTEGER) return ` of at least ${least}`;
  return ` from ${least} to ${most}`;
}
