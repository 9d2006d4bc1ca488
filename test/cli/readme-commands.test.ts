/**
 * The commands of README.md, as they stand there: those of its blocks one after the other in a directory of their own, those
 * in its sentences each for itself. What is new in README.md is run, too, and has to end by itself with exit code 0, unless
 * LASTING says when it is up, or LEFT_OUT why it is not run.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePorts } from '../integration/free-ports.js';
import { ROOT, temporaryDirectory } from './command-line.js';

/** Those that last are there for all of a block. */
const RUN_MS_MAX = 120_000;
/** A block has many commands, and each starts several processes. */
const BLOCK_MS_MAX = 240_000;

/** Commands that are not run, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  'npm ci && npm start': 'installs anew what these tests are using; its benchmark is in bench.test.ts',
  'npm ci && npm test': 'is what runs this test',
  'npx psmr bench --streams 2 --seconds 1.5': 'a benchmark of half a minute or more; bench.test.ts has a short one',
  'npx psmr bench paper --report paper.html': 'a benchmark of five minutes; test/bench has its parts',
  'psmr bench': 'the name of the command, with the defaults a benchmark of minutes',
  'psmr bench --cross 1': 'a benchmark of minutes',
  'redis-benchmark -P 100': 'a program of Redis',
};

interface Lasting {
  readonly command: RegExp;
  /** What it has said when it is up. */
  readonly up: RegExp;
  /** What it says at Ctrl-C. */
  readonly down: RegExp;
  /** It is up to be watched: no later command needs it. */
  readonly watched?: true;
}

/** Commands that go on until Ctrl-C: at the end of the block, as in a terminal of their own. */
const LASTING: readonly Lasting[] = [
  { command: /psmr serve /, up: /is served in .*\n/, down: /SIGINT: stopping\n/ },
  {
    command: /psmr cluster /,
    up: /(replica \d: running\n[^]*){3}/,
    down: /SIGINT: stopping all replicas\n([^]*ended with exit code 0\n){3}/,
  },
  { command: /psmr replica /, up: /replica \d serves .*\n/, down: /SIGINT: stopping\n/ },
  {
    command: /replicated-bank\/main\.js$/,
    up: /clients transfer money [^]* kill -9 of replica \d, which leads group 0\n/,
    down: /SIGINT: stopping all replicas\n/,
    watched: true,
  },
];

/** What commands print of which README.md shows nothing. */
const PRINTED: readonly (readonly [command: RegExp, stdout: RegExp])[] = [
  [/psmr inspect \.\/data$/, /^ +service +stock\n +streams +4\n[^]*\n +\d +1\.\.1 /m],
  [/psmr call sum /, /^0\n$/],
  [/psmr status --config cluster\.json$/, /service stock[^]*(replica \d +(running|recovering) [^]*){3}/],
  [/psmr --help$/, /^Usage: psmr /],
];

/** Where things listen here, instead of at the ports of README.md: these may be taken, even by another of these tests. */
class Ports {
  static readonly #COUNT = 60;
  readonly #first: number;

  private constructor(first: number) {
    this.#first = first;
  }

  static async choose(): Promise<Ports> {
    return new Ports(await freePorts(Ports.#COUNT));
  }

  /** For `psmr serve` and the calls to it: found in the directory, so that the commands stay as they are. */
  get serverConfig(): object {
    return { port: this.#first, http: { port: this.#first + 9 } };
  }

  /** Two streams: three ports for clients, three for peers, one for HTTP. */
  replica(id: number): object {
    const port = this.#first + 3 + id * 7;
    return { id, hosts: ['127.0.0.1'], port, peerPort: port + 3, http: { port: port + 6 } };
  }

  /** The only command that needs another option. */
  command(command: string): string {
    return /psmr cluster /.test(command) ? `${command} --port ${this.#first + 35}` : command;
  }

  shown(output: string): string {
    return output.replaceAll(':7400', `:${this.#first}`).replaceAll(':7390', `:${this.#first + 9}`);
  }
}

interface Line {
  readonly command: string;
  /** What README.md shows of what it prints. */
  readonly output: string;
}

const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const FENCE = /^```(.*)\n([^]*?)^```$/gm;
const FENCES = [...README.matchAll(FENCE)].map(([, language = '', text = '']) => ({ language, text }));

/** Of a block with prompts, or without. */
function linesOf({ language, text }: (typeof FENCES)[number]): Line[] {
  const lines: { command: string; output: string }[] = [];
  for (const line of text.trimEnd().split('\n')) {
    const prompted = line.startsWith('$ ');
    const command = line.slice(prompted ? 2 : 0).replace(/ +# .*$/, '');
    const last = lines.at(-1);
    if (prompted || language === 'sh') lines.push({ command, output: '' });
    else if (last === undefined) throw new Error(`a block of README.md begins with no command, but with ${line}`);
    else last.output += `${line}\n`;
  }
  return lines;
}

const BLOCKS = FENCES.filter(({ language }) => ['console', 'sh'].includes(language)).map(linesOf);
const SENTENCES = [...README.replaceAll(FENCE, '').matchAll(/`([^`]+)`/g)]
  .map(([, span = '']) => span.replace(/\s+/g, ' '))
  .filter((span) => /^((npx )?psmr|npm|node|redis-\w+|curl) /.test(span))
  .map((command): Line[] => [{ command, output: '' }]);

const RUN = [...BLOCKS, ...SENTENCES]
  .map((lines) => lines.filter(({ command }) => !Object.hasOwn(LEFT_OUT, command)))
  .filter((lines) => lines.length > 0);

describe('README.md', () => {
  it('has blocks of known languages, and all commands that are left out here', () => {
    const languages = new Set(FENCES.map(({ language }) => language));
    expect(['console', 'sh', 'text', 'ts']).toEqual(expect.arrayContaining([...languages]));
    const commands = [...BLOCKS, ...SENTENCES].flat().map(({ command }) => command);
    expect(commands).toEqual(expect.arrayContaining(Object.keys(LEFT_OUT)));
    const run = RUN.flat().map(({ command }) => command);
    expect(run.length).toBeGreaterThan(9);
    for (const known of [...LASTING.map(({ command }) => command), ...PRINTED.map(([command]) => command)])
      expect(run).toContainEqual(expect.stringMatching(known));
  });

  it.each(RUN.map((lines) => ({ title: lines.map(({ command }) => command).join('; '), lines })))(
    'shows what works: $title',
    async ({ lines }) => {
      const block = await Block.prepare();
      for (const line of lines) await block.run(line);
      await block.end();
    },
    BLOCK_MS_MAX,
  );
});

/** A directory of a user who has psmr, and what runs there. */
class Block {
  readonly #directory: string;
  readonly #ports: Ports;
  readonly #running: { readonly shell: Shell; readonly down: RegExp }[] = [];

  private constructor(directory: string, ports: Ports) {
    this.#directory = directory;
    this.#ports = ports;
  }

  static async prepare(): Promise<Block> {
    const directory = temporaryDirectory();
    const ports = await Ports.choose();
    mkdirSync(join(directory, 'node_modules/.bin'), { recursive: true });
    symlinkSync(ROOT, join(directory, 'node_modules/psmr'));
    symlinkSync('../psmr/dist/src/cli/main.cjs', join(directory, 'node_modules/.bin/psmr'));
    symlinkSync(join(ROOT, 'dist'), join(directory, 'dist'));
    writeFileSync(join(directory, 'psmr.config.json'), JSON.stringify(ports.serverConfig));
    writeFileSync(join(directory, 'cluster.json'), JSON.stringify(clusterConfig(ports)));
    writeFileSync(join(directory, 'cluster.secret'), randomBytes(24).toString('base64'));
    return new Block(directory, ports);
  }

  async run({ command, output }: Line): Promise<void> {
    const shown = this.#ports.shown(output);
    const lasting = LASTING.find((each) => each.command.test(command));
    if (lasting !== undefined) {
      const shells = onAllMachines(command).map((each) => this.#start(each));
      for (const shell of shells) this.#running.push({ shell, down: lasting.down });
      for (const shell of shells) expect(await shell.says(lasting.up)).toContain(shown);
      if (lasting.watched === true) await this.end();
      return;
    }
    const { code, stdout, stderr } = await this.#start(command).ended;
    expect({ command, code, stderr }).toEqual({ command, code: 0, stderr: expect.any(String) as string });
    if (shown !== '') expect(stdout).toBe(shown);
    for (const [, printed] of PRINTED.filter(([each]) => each.test(command))) expect(stdout).toMatch(printed);
  }

  /** Ctrl-C in every terminal. */
  async end(): Promise<void> {
    for (const { shell, down } of this.#running.splice(0)) {
      shell.interrupt();
      const { stdout, stderr } = await shell.ended;
      expect(stdout + stderr).toMatch(down);
    }
  }

  #start(command: string): Shell {
    return new Shell(this.#ports.command(command), this.#directory);
  }
}

/** The first cluster.json of docs/operating.md, for the README's service on this machine. */
function clusterConfig(ports: Ports): object {
  const [, json = ''] = /```json\n(\{\n[^`]*"cluster"[^`]*)```/.exec(
    readFileSync(join(ROOT, 'docs/operating.md'), 'utf8'),
  ) ?? [''];
  const config = JSON.parse(json) as { cluster: { replicas: { id: number }[] } };
  const replicas = config.cluster.replicas.map(({ id }) => ports.replica(id));
  return { ...config, service: './dist/examples/stock.js', cluster: { ...config.cluster, replicas } };
}

/** "One of several on machines of their own": the others are started by the same command there. */
function onAllMachines(command: string): string[] {
  const one = /(?<=psmr replica .*--id )\d/;
  return one.test(command) ? ['1', '2', '3'].map((id) => command.replace(one, id)) : [command];
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command as somebody types it, in a terminal of its own. */
class Shell {
  readonly ended: Promise<Ended>;
  readonly #command: string;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  #isOver = false;
  #stdout = '';
  #stderr = '';

  constructor(command: string, directory: string) {
    this.#command = command;
    this.#child = start(command, directory);
    this.#child.stdout.setEncoding('utf8').on('data', (piece: string) => (this.#stdout += piece));
    this.#child.stderr.setEncoding('utf8').on('data', (piece: string) => (this.#stderr += piece));
    // Only when the last of its processes has ended, its output does.
    this.ended = once(this.#child, 'close').then(([code]) => {
      this.#isOver = true;
      return { code: code as number | null, stdout: this.#stdout, stderr: this.#stderr };
    });
    const late = setTimeout(() => this.#signal('SIGKILL'), RUN_MS_MAX);
    void this.ended.finally(() => clearTimeout(late));
    onTestFinished(async () => {
      this.#signal('SIGKILL');
      await this.ended;
    });
  }

  /** What it has said on stdout, once that matches. */
  async says(what: RegExp): Promise<string> {
    while (!what.test(this.#stdout)) {
      if (this.#isOver) throw new Error(`${this.#command} ended: ${this.#stdout}${this.#stderr}`);
      await Promise.race([once(this.#child.stdout, 'data'), this.ended]);
    }
    return this.#stdout;
  }

  interrupt(): void {
    this.#signal('SIGINT');
  }

  /** As a terminal does, to all processes of the command. */
  #signal(signal: 'SIGINT' | 'SIGKILL'): void {
    const { pid } = this.#child;
    if (this.#isOver || pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // They have ended, and this has not been heard yet.
    }
  }
}

function start(command: string, cwd: string): ChildProcessByStdio<null, Readable, Readable> {
  // A test run by npm must not hand its own settings on to the npx of a user.
  const own = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_OPTIONS$|PSMR_)/i.test(name));
  const env = {
    ...Object.fromEntries(own),
    PATH: [join(cwd, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
    npm_config_offline: 'true',
    npm_config_cache: join(cwd, 'npm-cache'),
    TMPDIR: cwd,
  };
  return spawn('sh', ['-c', command], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
}
