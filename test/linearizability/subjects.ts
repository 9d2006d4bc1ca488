/** Objects that clients of a test use concurrently: what the models say, written again without them. */
export interface Subject {
  apply(command: string, input: Input): unknown;
  copy(): Subject;
}

export type Value = string | number | null;

/** The arguments of all commands of all subjects. */
export interface Input {
  readonly key?: string;
  readonly keys?: readonly string[];
  readonly value?: Value;
  readonly from?: Value;
  readonly to?: Value;
  readonly one?: string;
  readonly other?: string;
  readonly entries?: readonly (readonly [string, Value])[];
  readonly by?: number;
  readonly account?: string;
  readonly accounts?: readonly string[];
  readonly amount?: number;
  readonly element?: Value;
}

export interface Workload {
  readonly subject: () => Subject;
  readonly next: (random: () => number, nth: number) => readonly [command: string, input: Input];
  readonly readOnly: ReadonlySet<string>;
}

function pick<T>(random: () => number, from: readonly T[]): T {
  const picked = from[Math.floor(random() * from.length)];
  if (picked === undefined) throw new Error('nothing to pick from');
  return picked;
}

class Registers implements Subject {
  readonly #values: Map<string, Value>;

  constructor(values: Iterable<readonly [string, Value]> = []) {
    this.#values = new Map(values);
  }

  copy(): Registers {
    return new Registers(this.#values);
  }

  apply(command: string, input: Input): unknown {
    const read = (key = ''): Value => this.#values.get(key) ?? null;
    const { key = '', value = null, from = null, to = null, one = '', other = '' } = input;
    if (command === 'read') return read(key);
    if (command === 'readAll') return input.keys?.map(read);
    if (command === 'write') this.#values.set(key, value);
    if (command === 'writeAll') for (const [each, written] of input.entries ?? []) this.#values.set(each, written);
    if (command === 'swap') {
      const [first, second] = [read(one), read(other)];
      this.#values.set(one, second);
      this.#values.set(other, first);
      return [first, second];
    }
    if (command !== 'cas') return null;
    const fits = read(key) === from;
    if (fits) this.#values.set(key, to);
    return fits;
  }
}

/** Over so many keys, with commands on several keys or without, and so many values: few make it likely to be right. */
export function registerWorkload(keyCount: number, across: boolean, valueCount = Infinity): Workload {
  const keys = Array.from({ length: keyCount }, (_, at) => `key/${at}`);
  const value = (random: () => number, nth: number): Value =>
    valueCount === Infinity ? nth : Math.floor(random() * valueCount);
  return {
    subject: () => new Registers(),
    readOnly: new Set(['read', 'readAll']),
    next(random, nth) {
      const [key, other, written] = [pick(random, keys), pick(random, keys), value(random, nth)];
      const kind = random();
      if (across && kind < 0.08)
        return [
          'writeAll',
          {
            entries: [
              [key, written],
              [other, written],
            ],
          },
        ];
      if (across && kind < 0.16) return ['readAll', { keys: [key, other] }];
      if (across && kind < 0.2) return ['swap', { one: key, other }];
      if (kind < 0.5) return ['read', { key }];
      if (kind < 0.75) return ['write', { key, value: written }];
      const from = valueCount === Infinity ? nth - 1 - Math.floor(random() * 20) : value(random, nth);
      return ['cas', { key, from, to: written }];
    },
  };
}

class Counter implements Subject {
  readonly #tells: boolean;
  #sum: number;

  constructor(tells: boolean, sum = 0) {
    this.#tells = tells;
    this.#sum = sum;
  }

  copy(): Counter {
    return new Counter(this.#tells, this.#sum);
  }

  apply(command: string, { by = 0 }: Input): unknown {
    if (command === 'add') this.#sum += by;
    return command === 'read' || this.#tells ? this.#sum : null;
  }
}

/** One counter, whose `add` tells the sum or does not. */
export function counterWorkload(tells: boolean): Workload {
  return {
    subject: () => new Counter(tells),
    readOnly: new Set(['read']),
    next: (random) =>
      random() < 0.4 ? ['read', { key: 'c' }] : ['add', { key: 'c', by: 1 + Math.floor(random() * 3) }],
  };
}

export const OPENING = 20;

class Bank implements Subject {
  readonly #balances: Map<string, number>;

  constructor(balances: Iterable<readonly [string, number]>) {
    this.#balances = new Map(balances);
  }

  copy(): Bank {
    return new Bank(this.#balances);
  }

  apply(command: string, input: Input): unknown {
    const balance = (account: string): number => this.#balances.get(account) ?? 0;
    const add = (account: string, amount: number): void => void this.#balances.set(account, balance(account) + amount);
    const { account = '', amount = 0 } = input;
    if (command === 'balance') return balance(account);
    if (command === 'balances') return input.accounts?.map(balance);
    if (command === 'total') return [...this.#balances.values()].reduce((sum, one) => sum + one, 0);
    if (command === 'deposit') add(account, amount);
    if (command === 'deposit') return balance(account);
    const [from, to] = [String(input.from), String(input.to)];
    if (balance(from) < amount) return false;
    add(from, -amount);
    add(to, amount);
    return true;
  }
}

export function accountsOf(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `account/${at}`);
}

export function bankWorkload(count: number): Workload {
  const accounts = accountsOf(count);
  return {
    subject: () => new Bank(accounts.map((account) => [account, OPENING])),
    readOnly: new Set(['balance', 'balances', 'total']),
    next(random) {
      const kind = random();
      const amount = 1 + Math.floor(random() * 9);
      if (kind < 0.15) return ['balances', { accounts }];
      if (kind < 0.3) return ['total', {}];
      if (kind < 0.4) return ['balance', { account: pick(random, accounts) }];
      if (kind < 0.5) return ['deposit', { account: pick(random, accounts), amount }];
      return ['transfer', { from: pick(random, accounts), to: pick(random, accounts), amount }];
    },
  };
}

class Elements implements Subject {
  readonly #elements: Value[];

  constructor(elements: readonly Value[] = []) {
    this.#elements = [...elements];
  }

  copy(): Elements {
    return new Elements(this.#elements);
  }

  /** The commands of a list and of a set in one. */
  apply(command: string, { element = null }: Input): unknown {
    const at = this.#elements.indexOf(element);
    if (command === 'append') return this.#elements.push(element);
    if (command === 'elements' || command === 'members') return [...this.#elements];
    if (command === 'contains') return at !== -1;
    if (command === 'add' && at === -1) this.#elements.push(element);
    if (command === 'add') return at === -1;
    if (at !== -1) this.#elements.splice(at, 1);
    return at !== -1;
  }
}

export const listWorkload: Workload = {
  subject: () => new Elements(),
  readOnly: new Set(['elements']),
  next: (random, nth) => (random() < 0.3 ? ['elements', { key: 'l' }] : ['append', { key: 'l', element: nth }]),
};

export const setWorkload: Workload = {
  subject: () => new Elements(),
  readOnly: new Set(['contains', 'members']),
  next(random) {
    const input: Input = { key: 's', element: Math.floor(random() * 6) };
    return random() < 0.2 ? ['members', { key: 's' }] : [pick(random, ['add', 'remove', 'contains']), input];
  },
};
