import { Command } from 'commander';
import { PsmrError } from '../../src/errors.js';
import { parsePaperOptions, type PaperOptions } from '../paper/paper-options.js';
import { TECHNIQUE_NOTES, TECHNIQUES } from '../techniques/technique.js';
import { parseSweep, type Sweep } from './sweep.js';

/** Without defaults: these depend on one another, and an option that was not given must be told from one that was. */
const FLAGS: readonly (readonly [flags: string, help: string])[] = [
  [
    '--workload <name>',
    'kv (YCSB), bank, blocks, netfs; of examples/: kv-ranges, ledger, exchange, config (default: kv)',
  ],
  ['--mix <letter>', 'kv: the YCSB mix, a to f, or w: writes only (default: a, half reads and half updates)'],
  ['--technique <list>', 'what to compare, the first is the base of the ratios (default: smr,p-smr)'],
  ['--streams <n>', 'streams of p-smr, workers of sp-smr (default: the number of cores, at least 2)'],
  [
    '--cross <share>',
    'share of commands over two streams, 0 to 1; bank, ledger: of transfers; netfs: that change a directory (default: 0)',
  ],
  ['--work-us <us>', 'CPU work added to each command, in microseconds (default: 0)'],
  ['--zipf <theta>', 'skew of the keys, 0 is uniform, YCSB has 0.99 (default: 0)'],
  [
    '--keys <n>',
    'keys of kv, accounts of bank, files of netfs, symbols of exchange, settings of config (default: 1000000; netfs: 10000; of examples/ fewer)',
  ],
  ['--value-bytes <n>', 'size of a value; blocks: characters kept per sector (default: 32; blocks: 10; netfs: 1024)'],
  ['--feed <kind>', 'log: prebuilt logs in memory, execution alone; clients: requests and replies (default: log)'],
  ['--clients <n>', 'number of clients (default: 4)'],
  ['--batch <n>', "commands per log entry, or per client's call (default: 256)"],
  ['--commands <n>', 'different commands, repeated from the first (default: 300000, fewer with work)'],
  ['--outstanding <n>', 'unanswered commands per client at most (default: 1024)'],
  ['--rate <n>', 'open loop: commands per second, whatever the replies do (default: closed loop)'],
  [
    '--connect <urls>',
    'a running server, ws:// or wss:// (PSMR_TOKEN: its token); --streams and --technique say what it is',
  ],
  ['--tls-ca <file>', 'with --connect wss://...: authorities to trust besides the usual ones, PEM'],
  ['--durability <list>', 'memory, async, sync; several are compared (default: memory)'],
  ['--data <dir>', 'where durable engines keep their logs meanwhile (default: the temporary directory)'],
  ['--seconds <s>', 'measured time per technique and round (default: 3)'],
  ['--rounds <n>', 'rounds; techniques take turns in each (default: 5)'],
  ['--seed <n>', 'equal seeds give equal commands (default: 1)'],
  ['--trace <file>', 'blocks: CSV with version,time,op,size,lbn'],
  ['--json <file>', 'write the result there as JSON'],
  ['--report <file>', 'write the result there as a page with tables and plots (HTML)'],
  ['--quick', 'a comparison of all techniques in well under a minute'],
];

const EXAMPLES = `
One of --streams, --cross, --work-us, --zipf, --batch, --rate may be a list: everything is then measured at each of its values.

Techniques:
${TECHNIQUES.map((name) => `  ${name.padEnd(12)}${TECHNIQUE_NOTES[name]}`).join('\n')}

Examples:
  psmr bench --quick
  psmr bench --workload kv --technique smr,p-smr --streams 2 --cross 0.1 --work-us 10 --feed log --seconds 5 --rounds 5 --json out.json
  psmr bench --workload bank --cross 0.2 --feed clients --clients 8 --rate 50000
  psmr bench --workload blocks --trace block-io.csv --technique no-rep,smr,sp-smr,p-smr
  psmr bench paper --report paper.html
  psmr bench --technique smr,sp-smr,p-smr --cross 0,0.01,0.05,0.1,0.25,0.5,1 --work-us 10 --report out.html
  psmr bench --technique smr,p-smr --feed clients --rate 20000,50000,100000,200000 --report latency.html
  psmr bench --technique p-smr --feed clients --batch 1 --outstanding 256 --durability memory,sync
  psmr serve --service dist/bench/services/kv.js --streams 2   the service of a workload, for the next line elsewhere
  psmr bench --workload kv --feed clients --connect ws://127.0.0.1:7400 --streams 2
`;

export interface BenchActions {
  compare(sweep: Sweep): Promise<void>;
  paper(options: PaperOptions): Promise<void>;
}

/** The `bench` command of the CLI. The actions get checked options; wrong ones reject with INVALID_ARGUMENT. */
export function benchCommand(actions: BenchActions): Command {
  const command = new Command('bench')
    .description('Compare ways to execute a replicated service, on this machine, on real implementations.')
    .argument('[set]', 'paper: the experiments of the paper on P-SMR, a page in some minutes (else: one comparison)')
    .addHelpText('after', EXAMPLES);
  for (const [flags, help] of FLAGS) command.option(flags, help);
  return command.action(async (set: string | undefined, values: Record<string, unknown>) => {
    if (set === undefined) return actions.compare(parseSweep(values));
    if (set !== 'paper')
      throw new PsmrError('INVALID_ARGUMENT', `psmr bench ${set}: the set that there is is 'paper'.`);
    return actions.paper(parsePaperOptions(values));
  });
}
