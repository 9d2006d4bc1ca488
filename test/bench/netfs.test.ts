import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import netfs from '../../bench/services/netfs.js';
import { blockContent, checkBlock, netfsWorkload } from '../../bench/workloads/netfs.js';
import { randomSource } from '../../bench/workloads/random-source.js';
import type { BenchCommand } from '../../bench/workloads/workload.js';
import { Classifier } from '../../src/classifier/classify.js';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { routerOf } from '../../bench/logs/route.js';
import { asService } from '../../src/service/define-service.js';
import { take, workloadOptions } from './bench-setting.js';
import { SequentialModel } from './sequential-model.js';

/** A file system as a tree of maps: no paths, no keys. */
type Tree = Map<string, Tree | string[]>;

class TreeModel {
  readonly #root: Tree = new Map();

  execute([name, args]: BenchCommand): unknown {
    const { path, block, data } = args as { path: string; block: number; data: string };
    const parts = path.split('/').filter((part) => part !== '');
    const node = this.#find(parts);
    const parent = this.#find(parts.slice(0, -1));
    const own = parts.at(-1) ?? '';
    switch (name) {
      case 'create':
      case 'mkdir':
        if (!(parent instanceof Map)) return 'no directory';
        if (node !== undefined) return 'exists';
        parent.set(own, name === 'create' ? [] : new Map());
        return 'made';
      case 'unlink':
        if (node === undefined) return 'missing';
        if (node instanceof Map && node.size > 0) return 'not empty';
        if (parent instanceof Map) parent.delete(own);
        return 'unlinked';
      case 'lookup':
        if (node === undefined) return null;
        return node instanceof Map ? { kind: 'directory', size: node.size } : { kind: 'file', size: node.length };
      case 'read':
        return Array.isArray(node) ? (node[block] ?? '') : null;
      case 'write':
        if (!Array.isArray(node)) return false;
        while (node.length <= block) node.push('');
        node[block] = data;
        return true;
      default:
        return node instanceof Map ? [...node.keys()].toSorted() : null;
    }
  }

  #find(parts: readonly string[]): Tree | string[] | undefined {
    let node: Tree | string[] | undefined = this.#root;
    for (const part of parts) node = node instanceof Map ? node.get(part) : undefined;
    return node;
  }
}

const path = fc
  .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 })
  .map((parts) => `/${parts.join('/')}`);
const commands = fc.array(
  fc.record({
    name: fc.constantFrom('create', 'mkdir', 'mkdir', 'unlink', 'lookup', 'read', 'write', 'readdir'),
    args: fc.record({ path, block: fc.nat(3), data: fc.constantFrom('x', 'y', 'z') }),
  }),
  { minLength: 20, maxLength: 80 },
);

describe('the file service', () => {
  test('answers as a tree of directories and files would', () => {
    fc.assert(
      fc.property(commands, (made) => {
        const service = new SequentialModel(asService(netfs));
        const tree = new TreeModel();
        for (const { name, args } of made)
          expect([name, args, service.execute([name, args])]).toEqual([name, args, tree.execute([name, args])]);
      }),
      { numRuns: 200 },
    );
  });

  test('has a root, which is there already', () => {
    const service = new SequentialModel(asService(netfs));
    expect(service.execute(['lookup', { path: '/' }])).toEqual({ kind: 'directory', size: 0 });
    expect(service.execute(['mkdir', { path: '/' }])).toBe('exists');
    expect(service.execute(['mkdir', { path: '/b' }])).toBe('made');
    expect(service.execute(['create', { path: '/a' }])).toBe('made');
    expect(service.execute(['readdir', { path: '/' }])).toEqual(['a', 'b']);
  });
});

describe('the netfs workload', () => {
  const options = workloadOptions({ keys: 200, valueBytes: 64, cross: 0.3, zipf: 0.5 });

  test('uses every command; files that it reads are there, with blocks that were written to them', () => {
    const service = new SequentialModel(asService(netfs));
    for (const command of netfsWorkload.load(options)) service.execute(command);
    const answers = new Map<string, Set<unknown>>();
    for (const command of take(netfsWorkload.generate(options, randomSource(3)), 5000)) {
      const answer = service.execute(command);
      expect(netfsWorkload.check(command, answer)).toBeNull();
      const kind = typeof answer === 'string' && command[0] !== 'read' ? answer : answer === null ? 'none' : 'some';
      answers.set(command[0], (answers.get(command[0]) ?? new Set()).add(kind));
    }
    const sorted = [...answers].map(([name, kinds]) => [name, [...kinds].toSorted()]).toSorted();
    expect(Object.fromEntries(sorted)).toEqual({
      create: ['exists', 'made'],
      lookup: ['some'],
      mkdir: ['exists', 'made'],
      read: ['some'],
      readdir: ['some'],
      unlink: ['missing', 'unlinked'],
      write: ['some'],
    });
  });

  test('begins with the same tree, in whatever order it is restored', () => {
    const load = [...netfsWorkload.load(options)];
    for (const commands of [load, load.toReversed()]) {
      const service = new SequentialModel(asService(netfs));
      for (const command of commands) service.execute(command);
      const directories = service.execute(['readdir', { path: '/' }]) as string[];
      const files = directories.flatMap((name) => {
        const inside = service.execute(['readdir', { path: `/${name}` }]) as string[];
        return inside.map((each) => `/${name}/${each}`);
      });
      expect(files).toHaveLength(200);
      for (const path of files) expect(service.execute(['lookup', { path }])).toEqual({ kind: 'file', size: 1 });
      expect(service.execute(['create', { path: '/d3/f0' }])).toBe('exists');
    }
  });

  test.each([0, 0.25, 1])('a share of %d of the commands changes directories, and nothing else meets', (cross) => {
    const route = routerOf(asService(netfs), new Classifier(createPartitionMap({ streams: 4 })));
    const made = take(netfsWorkload.generate({ ...options, cross }, randomSource(5)), 4000);
    const changing = made.filter(([name]) => ['create', 'mkdir', 'unlink'].includes(name));
    expect(changing.length / made.length).toBeCloseTo(cross, 1);
    for (const command of made) if (!changing.includes(command)) expect(route(command).group).toBeGreaterThan(0);
    // With 4 streams, directory and name lie in two of them three times out of four.
    const meeting = changing.filter((command) => route(command).group === 0);
    if (cross > 0) expect(meeting.length / changing.length).toBeCloseTo(0.75, 1);
  });

  test('a block of another place is told apart', () => {
    const read: BenchCommand = ['read', { path: '/d1/f2', block: 3 }];
    expect(checkBlock(read, '')).toBeNull();
    expect(checkBlock(read, blockContent('/d1/f2', 3, 7, 64))).toBeNull();
    for (const wrong of [null, undefined, blockContent('/d1/f2', 2, 7, 64), blockContent('/d1/f3', 3, 7, 64)])
      expect(checkBlock(read, wrong)).toMatch(/block 3 of \/d1\/f2/);
  });
});
