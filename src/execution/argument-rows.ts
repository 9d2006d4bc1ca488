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

/** A kind as it is read. `properties` null: the arguments are one value. */
export interface Kind {
  readonly name: string;
  readonly properties: readonly string[] | null;
}

/** The arguments of each command, or null where the values are too many or too few for them. */
export function readArguments(
  kinds: readonly Kind[],
  indexes: ArrayLike<number>,
  values: readonly unknown[],
): readonly unknown[] | null {
  if (kinds.every(({ properties }) => properties === null)) return values.length === indexes.length ? values : null;
  const args: unknown[] = [];
  let next = 0;
  for (let at = 0; at < indexes.length; at++) {
    const properties = kinds[indexes[at] as number]?.properties;
    if (properties === null || properties === undefined) {
      args.push(values[next++]);
      continue;
    }
    const object: Record<string, unknown> = {};
    // Most commands have the same first property, the key: V8 remembers one name per place in the code.
    if (properties.length > 0) object[properties[0] as string] = values[next++];
    for (let place = 1; place < properties.length; place++) object[properties[place] as string] = values[next++];
    args.push(object);
  }
  return next === values.length ? args : null;
}

/**
 * Kinds that have been read, the newest last: those of most batches are a few, and the same again and again. Their names are
 * as the engine keeps names of properties; what is decoded would be looked up again for every object.
 */
const known: Kind[] = [];
const KNOWN_MAX = 64;
const KNOWN_LENGTH_MAX = 1_000;

/** Null where one of them is neither a name nor a list of a name and of properties that differ. */
export function readKinds(values: readonly unknown[]): Kind[] | null {
  const kinds: Kind[] = [];
  for (const value of values) {
    const kind = known.find((each) => isSame(each, value)) ?? newKind(value);
    if (kind === null) return null;
    kinds.push(kind);
  }
  return kinds;
}

function isSame({ name, properties }: Kind, value: unknown): boolean {
  if (properties === null) return value === name;
  if (!Array.isArray(value) || value.length !== properties.length + 1 || value[0] !== name) return false;
  for (let at = 0; at < properties.length; at++) if (value[at + 1] !== properties[at]) return false;
  return true;
}

function newKind(value: unknown): Kind | null {
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (!texts.every((text) => typeof text === 'string')) return null;
  const [name, ...properties] = texts;
  const differing = new Set(properties);
  if (name === undefined || differing.size < properties.length || differing.has('__proto__')) return null;
  const kind = { name, properties: Array.isArray(value) ? keptNames(properties) : null };
  if (texts.join('').length <= KNOWN_LENGTH_MAX) {
    if (known.length === KNOWN_MAX) known.shift();
    known.push(kind);
  }
  return kind;
}

function keptNames(properties: readonly string[]): readonly string[] {
  const object: Record<string, null> = {};
  for (const property of properties) object[property] = null;
  const names = Object.keys(object);
  return names.every((name, at) => name === properties[at]) ? names : properties;
}
