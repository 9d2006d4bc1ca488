/**
 * Arguments on the wire. Most are plain objects of a few shapes, thousands to a batch: the names of a shape's properties
 * stand once per batch, in the command's kind, and each command brings its values only. All else is one value, as it is.
 */

/** A command's name alone: its arguments are one value. With properties: as many values. */
export type WireKind = string | readonly string[];

/** More than this is most likely no shape but a table; a batch with more kinds is better off without shapes. */
const PROPERTIES_MAX = 16;
const KINDS_MAX = 64;

interface EncodedKind {
  readonly properties: readonly string[] | null;
  readonly place: number;
}

/** Collects commands of a batch. */
export class ArgumentRows {
  readonly kinds: WireKind[] = [];
  readonly indexes: number[] = [];
  readonly values: unknown[] = [];
  /** By the place of the command's name, the newest first. */
  readonly #known: EncodedKind[][] = [];
  readonly #names: readonly string[];

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  add(name: number, args: unknown): void {
    const known = (this.#known[name] ??= []);
    // What is no plain object was refused before, or has another constructor.
    if (typeof args === 'object' && args !== null && args.constructor === Object) {
      for (const kind of known) {
        if (kind.properties === null || !this.#addValues(kind.properties, args)) continue;
        this.indexes.push(kind.place);
        return;
      }
      const properties = Object.keys(args);
      if (properties.length <= PROPERTIES_MAX && this.kinds.length < KINDS_MAX) {
        this.indexes.push(this.#kind(known, name, properties));
        for (const property of properties) this.values.push((args as Record<string, unknown>)[property]);
        return;
      }
    }
    const whole = known.find(({ properties }) => properties === null);
    this.indexes.push(whole?.place ?? this.#kind(known, name, null));
    this.values.push(args);
  }

  /** False, and nothing is added: the object has other properties, or in another order. */
  #addValues(properties: readonly string[], args: object): boolean {
    const { values } = this;
    const from = values.length;
    let at = 0;
    for (const property in args) {
      if (property !== properties[at]) {
        values.length = from;
        return false;
      }
      values[from + at++] = (args as Record<string, unknown>)[property];
    }
    if (at === properties.length) return true;
    values.length = from;
    return false;
  }

  #kind(known: EncodedKind[], name: number, properties: readonly string[] | null): number {
    const place = this.kinds.length;
    const text = this.#names[name] as string;
    this.kinds.push(properties === null ? text : [text, ...properties]);
    known.unshift({ properties, place });
    return place;
  }
}

/** The arguments of each command, or null where the values are too many or too few for them. */
export function readArguments(
  kinds: readonly WireKind[],
  indexes: ArrayLike<number>,
  values: readonly unknown[],
): readonly unknown[] | null {
  const shapes = kinds.map((kind) => (typeof kind === 'string' ? null : propertiesOf(kind)));
  if (shapes.every((shape) => shape === null)) return values.length === indexes.length ? values : null;
  const args: unknown[] = [];
  let next = 0;
  for (let at = 0; at < indexes.length; at++) {
    const properties = shapes[indexes[at] as number];
    if (properties === null || properties === undefined) {
      args.push(values[next++]);
      continue;
    }
    const object: Record<string, unknown> = {};
    for (let place = 0; place < properties.length; place++) object[properties[place] as string] = values[next++];
    args.push(object);
  }
  return next === values.length ? args : null;
}

/** Names as the engine keeps names of properties: what is decoded would be looked up again for every object. */
function propertiesOf([, ...properties]: readonly string[]): readonly string[] {
  const object: Record<string, null> = {};
  for (const property of properties) object[property] = null;
  const names = Object.keys(object);
  return names.every((name, at) => name === properties[at]) ? names : properties;
}

/** A name, or a list of a name and of properties that differ. */
export function isWireKind(value: unknown): value is WireKind {
  if (typeof value === 'string') return true;
  if (!Array.isArray(value) || value.length === 0 || !value.every((item) => typeof item === 'string')) return false;
  const properties = new Set(value.slice(1));
  return properties.size === value.length - 1 && !properties.has('__proto__');
}
