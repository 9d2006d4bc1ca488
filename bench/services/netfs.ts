import { defineService } from '../../src/service/define-service.js';
import { spin } from '../workloads/work.js';

export interface PathArguments {
  /** Absolute, without a slash at the end: `/music/first`. */
  path: string;
  spin?: number;
}
export interface BlockArguments extends PathArguments {
  block: number;
}
export interface WriteBlockArguments extends BlockArguments {
  data: string;
}

export interface RestoreArguments extends PathArguments {
  node: Node;
}

/** What is at a path: a file with its blocks, '' where none was written, or a directory with the names in it, sorted. */
export type Node = { readonly blocks: readonly string[] } | { readonly names: readonly string[] };

export type MakeAnswer = 'made' | 'exists' | 'no directory';
export type UnlinkAnswer = 'unlinked' | 'missing' | 'not empty';

const ROOT = '/';

/** A node of a directory is reached through it: what makes or removes one touches both. */
const pathAndParent = (args: PathArguments): string[] => [parentOf(args.path), args.path];
const pathAlone = (args: PathArguments): string[] => [args.path];

/**
 * The file service of the paper on P-SMR, in memory: a tree of directories, files of blocks. Commands conflict by path. Failures are
 * answers here, not errors: a benchmark must not measure how fast errors are made.
 */
export default defineService({
  name: 'netfs',
  commands: {
    create: {
      keys: pathAndParent,
      execute: (state, args: PathArguments) => make(state, args, { blocks: [] }),
    },
    mkdir: {
      keys: pathAndParent,
      execute: (state, args: PathArguments) => make(state, args, { names: [] }),
    },
    /** A file, or a directory without names in it. */
    unlink: {
      keys: pathAndParent,
      execute: (state, args: PathArguments): UnlinkAnswer => {
        work(args);
        const node = state.get<Node>(args.path);
        if (node === undefined) return 'missing';
        if ('names' in node && node.names.length > 0) return 'not empty';
        state.delete(args.path);
        const parent = parentOf(args.path);
        const name = nameOf(args.path);
        state.set(parent, { names: namesAt(state, parent)?.filter((each) => each !== name) ?? [] });
        return 'unlinked';
      },
    },
    lookup: {
      keys: pathAlone,
      readOnly: true,
      execute: (state, args: PathArguments) => {
        work(args);
        const node = state.get<Node>(args.path);
        if (node === undefined) return args.path === ROOT ? { kind: 'directory', size: 0 } : null;
        if ('names' in node) return { kind: 'directory', size: node.names.length };
        return { kind: 'file', size: node.blocks.length };
      },
    },
    /** '' where nothing was written; null: no such file. */
    read: {
      keys: pathAlone,
      readOnly: true,
      execute: (state, args: BlockArguments) => {
        work(args);
        const node = state.get<Node>(args.path);
        return node !== undefined && 'blocks' in node ? (node.blocks[args.block] ?? '') : null;
      },
    },
    /** Whether there is such a file. */
    write: {
      keys: pathAlone,
      execute: (state, args: WriteBlockArguments) => {
        work(args);
        const node = state.get<Node>(args.path);
        if (node === undefined || !('blocks' in node)) return false;
        const length = Math.max(node.blocks.length, args.block + 1);
        const blocks = Array.from({ length }, (_, at) => (at === args.block ? args.data : (node.blocks[at] ?? '')));
        state.set(args.path, { blocks });
        return true;
      },
    },
    /** From a backup: one node as it was. Whoever restores a tree restores every node of it, in any order. */
    restore: {
      keys: pathAlone,
      execute: (state, args: RestoreArguments) => {
        work(args);
        state.set(args.path, args.node);
      },
    },
    /** Sorted; null: no such directory. */
    readdir: {
      keys: pathAlone,
      readOnly: true,
      execute: (state, args: PathArguments) => {
        work(args);
        return namesAt(state, args.path);
      },
    },
  },
});

interface Nodes {
  get<V>(key: string): V | undefined;
  set(key: string, value: Node): void;
}

function make(state: Nodes, args: PathArguments, node: Node): MakeAnswer {
  work(args);
  const parent = parentOf(args.path);
  const names = namesAt(state, parent);
  if (names === null) return 'no directory';
  if (args.path === ROOT || state.get<Node>(args.path) !== undefined) return 'exists';
  state.set(args.path, node);
  state.set(parent, { names: inserted(names, nameOf(args.path)) });
  return 'made';
}

/** The root is there from the beginning. */
function namesAt(state: Nodes, path: string): readonly string[] | null {
  const node = state.get<Node>(path);
  if (node === undefined) return path === ROOT ? [] : null;
  return 'names' in node ? node.names : null;
}

function inserted(names: readonly string[], name: string): string[] {
  const after = names.findIndex((each) => each > name);
  return after < 0 ? [...names, name] : names.toSpliced(after, 0, name);
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || ROOT;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function work({ spin: iterations }: PathArguments): void {
  if (iterations !== undefined) spin(iterations);
}
