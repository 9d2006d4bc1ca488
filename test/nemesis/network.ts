/**
 * Hosts with network interfaces of their own, on this machine: network namespaces, joined by bridges in one more namespace.
 * Nothing outside of them is touched. Needs Linux, root and iproute2.
 */
import { execFileSync } from 'node:child_process';
import { writeIpCommands, ipText, removeNamespaces, removeStaleNamespaces } from './namespaces.js';

export interface NetworkOptions {
  readonly hosts: number;
  /** Each host has an interface in each: `net0`, `net1`... */
  readonly networks: number;
}

export interface InterfaceBytes {
  readonly sent: number;
  readonly received: number;
}

let networks = 0;

export class Host {
  /** From 1 on. */
  readonly number: number;
  readonly namespace: string;

  constructor(number: number, namespace: string) {
    this.number = number;
    this.namespace = namespace;
  }

  /** What runs a program on this host: `new Child(program, options, host.within)`. */
  get within(): readonly string[] {
    return ['ip', 'netns', 'exec', this.namespace];
  }

  address(network: number): string {
    return `10.77.${network}.${this.number}`;
  }

  /** Pulls the plug of one interface. */
  linkDown(network: number): void {
    writeIpCommands([`link set net${network} down`], this.namespace);
  }

  linkUp(network: number): void {
    writeIpCommands([`link set net${network} up`], this.namespace);
  }

  /**
   * Nothing gets from here to another host any more over one network; what comes from there still arrives (answers to it
   * do not leave). Open connections notice nothing, new ones to there fail at once. Again: no effect.
   */
  block(to: Host, network: number): void {
    writeIpCommands([`route replace blackhole ${to.address(network)}/32`], this.namespace);
  }

  /** Undoes `block`. */
  unblock(to: Host, network: number): void {
    const route = `blackhole ${to.address(network)}`;
    if (!ipText(['route', 'show', 'type', 'blackhole'], this.namespace).includes(to.address(network))) return;
    writeIpCommands([`route del ${route}/32`], this.namespace);
  }

  /** That have gone through one interface since it was made. */
  bytes(network: number): InterfaceBytes {
    const read = (name: string): number =>
      Number(
        execFileSync('ip', [
          ...['netns', 'exec', this.namespace, 'cat', `/sys/class/net/net${network}/statistics/${name}`],
        ]).toString(),
      );
    return { sent: read('tx_bytes'), received: read('rx_bytes') };
  }
}

export class TestNetwork {
  readonly hosts: readonly Host[];
  readonly #namespaces: readonly string[];
  readonly #networks: number;
  readonly #atExit = (): void => this.close();
  #open = true;

  /** Also removes what crashed runs have left. */
  constructor({ hosts, networks: count }: NetworkOptions) {
    removeStaleNamespaces();
    const name = `psmr-${process.pid}-${++networks}`;
    this.#networks = count;
    this.hosts = Array.from({ length: hosts }, (_, at) => new Host(at + 1, `${name}-h${at + 1}`));
    this.#namespaces = [`${name}-switch`, ...this.hosts.map((host) => host.namespace)];
    process.once('exit', this.#atExit);
    try {
      this.#build();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #build(): void {
    const [bridges = ''] = this.#namespaces;
    const numbers = Array.from({ length: this.#networks }, (_, network) => network);
    writeIpCommands(this.#namespaces.map((namespace) => `netns add ${namespace}`));
    quieten(bridges);
    writeIpCommands(
      numbers.flatMap((network) => [
        `link add bridge${network} type bridge mcast_snooping 0`,
        `link set bridge${network} up`,
      ]),
      bridges,
    );
    for (const host of this.hosts) {
      quieten(host.namespace);
      writeIpCommands(
        numbers.flatMap((network) => {
          const port = `h${host.number}n${network}`;
          return [
            `link add ${port} type veth peer name net${network} netns ${host.namespace}`,
            `link set ${port} master bridge${network} up`,
          ];
        }),
        bridges,
      );
      const addresses = numbers.flatMap((network) => [
        `addr add ${host.address(network)}/24 dev net${network}`,
        `link set net${network} up`,
      ]);
      writeIpCommands(['link set lo up', ...addresses], host.namespace);
    }
  }

  /** All interfaces are up and nothing is blocked. */
  heal(): void {
    const links = Array.from({ length: this.#networks }, (_, network) => `link set net${network} up`);
    for (const host of this.hosts) writeIpCommands([...links, 'route flush type blackhole'], host.namespace);
  }

  /** Kills what still runs on the hosts. Idempotent. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    process.off('exit', this.#atExit);
    removeNamespaces(this.#namespaces);
  }
}

/** No packets but those of programs, and none refused for coming from where none could be sent to. */
function quieten(namespace: string): void {
  const set = (path: string, value: number): string => `[ ! -e ${path} ] || echo ${value} > ${path}`;
  const script = ['all', 'default'].flatMap((scope) => [
    set(`/proc/sys/net/ipv6/conf/${scope}/disable_ipv6`, 1),
    set(`/proc/sys/net/ipv4/conf/${scope}/rp_filter`, 0),
  ]);
  execFileSync('ip', ['netns', 'exec', namespace, 'sh', '-ec', script.join('\n')]);
}
