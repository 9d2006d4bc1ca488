/**
 * A file service: `keys` files of up to FILE_BLOCKS blocks of `valueBytes` characters, FILES_PER_DIRECTORY to a directory.
 * `cross` is the share of the commands that change a directory: create, mkdir and unlink, of names that nothing else
 * touches. Each touches the directory too, so it is cross-stream unless both happen to lie in one stream. Of the others, 40% read a block, 30%
 * write one, 20% look a file up and 10% list a directory; `zipf` is the skew of the files.
 */
import type { BlockArguments } from '../services/netfs.js';
import { below, type Random } from './random-source.js';
import { withWork } from './work.js';
import type { BenchCommand, Workload, WorkloadOptions } from './workload.js';
import { type Choice, scrambledZipf } from './zipf.js';

const FILES_PER_DIRECTORY = 32;
const FILE_BLOCKS = 4;
/** Names per directory that come and go: directories do not grow for ever. */
const TEMPORARY_FILES = 16;
const TEMPORARY_DIRECTORIES = 4;

const READ_BELOW = 0.4;
const WRITE_BELOW = 0.7;
const LOOKUP_BELOW = 0.9;

export const netfsWorkload: Workload = {
  name: 'netfs',
  service: new URL('../services/netfs.js', import.meta.url),
  load: loadTree,
  generate: generateNetfs,
  check: checkBlock,
  conserved: null,
};

function directoryOf(file: number): string {
  return `/d${Math.floor(file / FILES_PER_DIRECTORY)}`;
}

function fileName(file: number): string {
  return `${directoryOf(file)}/f${file % FILES_PER_DIRECTORY}`;
}

/** Says whose block it is and which write it was. */
export function blockContent(path: string, block: number, stamp: number, bytes: number): string {
  return `${headOf(path, block)}${stamp.toString(36)} `.padEnd(bytes, '-').slice(0, bytes);
}

function headOf(path: string, block: number): string {
  return `${path}#${block}:`;
}

/** Node by node, each by itself: commands that fill a state are in no order but that of their key's stream. */
function* loadTree({ keys, valueBytes }: WorkloadOptions): Generator<BenchCommand> {
  const directories = new Map<string, string[]>();
  for (let file = 0; file < keys; file++) {
    const path = fileName(file);
    const directory = directoryOf(file);
    directories.set(directory, [...(directories.get(directory) ?? []), path.slice(directory.length + 1)]);
    yield ['restore', { path, node: { blocks: [blockContent(path, 0, file, valueBytes)] } }];
  }
  for (const [path, names] of directories) yield ['restore', { path, node: { names: names.toSorted() } }];
  const names = [...directories.keys()].map((path) => path.slice(1)).toSorted();
  yield ['restore', { path: '/', node: { names } }];
}

function* generateNetfs(options: WorkloadOptions, random: Random): Generator<BenchCommand> {
  const choose = scrambledZipf(options.keys, options.zipf);
  let stamp = options.keys;
  for (;;) {
    yield random() < options.cross
      ? changeDirectory(options, choose, random)
      : useFile(options, choose(random), stamp++, random);
  }
}

function changeDirectory({ work }: WorkloadOptions, choose: Choice, random: Random): BenchCommand {
  const directory = directoryOf(choose(random));
  const kind = below(TEMPORARY_FILES + TEMPORARY_DIRECTORIES, random);
  const name = kind < TEMPORARY_FILES ? `t${kind}` : `s${kind - TEMPORARY_FILES}`;
  const make = kind < TEMPORARY_FILES ? 'create' : 'mkdir';
  return [random() < 0.5 ? make : 'unlink', withWork({ path: `${directory}/${name}` }, work)];
}

function useFile({ work, valueBytes }: WorkloadOptions, file: number, stamp: number, random: Random): BenchCommand {
  const kind = random();
  const path = fileName(file);
  if (kind >= LOOKUP_BELOW) return ['readdir', withWork({ path: directoryOf(file) }, work)];
  if (kind >= WRITE_BELOW) return ['lookup', withWork({ path }, work)];
  const block = below(FILE_BLOCKS, random);
  if (kind < READ_BELOW) return ['read', withWork({ path, block }, work)];
  return ['write', withWork({ path, block, data: blockContent(path, block, stamp, valueBytes) }, work)];
}

/** The files that are read are never removed: a block is blank, or one that was written there. */
export function checkBlock([name, args]: BenchCommand, content: unknown): string | null {
  if (name !== 'read' || !isBlock(args)) return null;
  const { path, block } = args;
  const head = headOf(path, block);
  if (typeof content === 'string' && head.startsWith(content.slice(0, head.length))) return null;
  return `a read of block ${block} of ${path} returned '${String(content).slice(0, 60)}'`;
}

function isBlock(args: unknown): args is BlockArguments {
  return typeof args === 'object' && args !== null && 'path' in args && 'block' in args;
}
