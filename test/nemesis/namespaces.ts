/** Network namespaces by the `ip` command: what is missing for them, making and removing them. */
import { execFileSync } from 'node:child_process';

/** Why there can be no namespaces here, as a sentence; null: there can. */
export function namespacesMissing(): string | null {
  if (process.platform !== 'linux') return 'Network namespaces need Linux.';
  if (process.getuid?.() !== 0) return 'Network namespaces need root.';
  const probe = `psmr-${process.pid}-probe`;
  try {
    execFileSync('ip', ['-V'], { stdio: 'pipe' });
  } catch {
    return "Network namespaces need the 'ip' command: install iproute2.";
  }
  try {
    execFileSync('ip', ['netns', 'add', probe], { stdio: 'pipe' });
    execFileSync('ip', ['netns', 'del', probe], { stdio: 'pipe' });
    return null;
  } catch (error) {
    return `Network namespaces are not allowed here: ${String(error).split('\n').at(-2) ?? ''}`;
  }
}

/** Runs `ip` commands in order, in a namespace or in none. Throws at the first that fails. */
export function writeIpCommands(commands: readonly string[], namespace?: string): void {
  const within = namespace === undefined ? [] : ['-n', namespace];
  execFileSync('ip', [...within, '-batch', '-'], { input: `${commands.join('\n')}\n`, stdio: 'pipe' });
}

export function ipText(args: readonly string[], namespace: string): string {
  return execFileSync('ip', ['-n', namespace, ...args], { stdio: 'pipe' }).toString();
}

export function listNamespaces(): string[] {
  const lines = execFileSync('ip', ['netns', 'list'], { stdio: 'pipe' }).toString().split('\n');
  return lines.map((line) => line.split(' ')[0] ?? '').filter((name) => name !== '');
}

/** Kills what runs in them, and removes those that there are. */
export function removeNamespaces(names: readonly string[]): void {
  const there = new Set(listNamespaces());
  for (const name of names) {
    if (!there.has(name)) continue;
    for (const pid of execFileSync('ip', ['netns', 'pids', name], { stdio: 'pipe' }).toString().split('\n'))
      if (pid !== '') kill(Number(pid));
    execFileSync('ip', ['netns', 'del', name], { stdio: 'pipe' });
  }
}

/** Those of tests that are no longer there; their names say of which process they were. */
export function removeStaleNamespaces(): void {
  const stale = listNamespaces().filter((name) => {
    const owner = /^psmr-(\d+)-/.exec(name)?.[1];
    return owner !== undefined && !isAlive(Number(owner));
  });
  removeNamespaces(stale);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
