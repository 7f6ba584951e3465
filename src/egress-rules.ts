/** The firewall's rules as text for iptables-restore. Pure: what is wanted and what is there give what has to change. */
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';

/** Chains of ours: forwarded packets, what comes back, and packets to the host itself. */
const FORWARD = 'SLIPWAY-EGRESS';
const BACK = 'SLIPWAY-INGRESS';
const HOST = 'SLIPWAY-HOST';
const OURS = new RegExp(`-j (?:${FORWARD}|${BACK}|${HOST})$`);
/** Ports that one rule can name; a range counts twice. */
const MOST_PORTS = 7;

/** Where nobody's public server can be: own net, private, carrier's, link-local with metadata, benchmarks, multicast, reserved. */
const CLOSED = {
  4: [
    '0.0.0.0/8',
    '10.0.0.0/8',
    '100.64.0.0/10',
    '127.0.0.0/8',
    '169.254.0.0/16',
    '172.16.0.0/12',
    '192.0.0.0/24',
    '192.168.0.0/16',
    '198.18.0.0/15',
    '224.0.0.0/4',
    '240.0.0.0/4',
  ],
  // Also the ranges that carry an IPv4 address inside: mapped, NAT64 and 6to4.
  6: ['::/96', '::ffff:0:0/96', '64:ff9b::/96', '2002::/16', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8'],
} as const;

export interface Endpoint {
  address: string;
  port: number;
}

/** What the firewall has to allow and to whom it applies. */
export interface Wanted {
  /** Bridge that builds stand on, while there are builds. */
  buildBridge?: string;
  /** Bridges of sessions. */
  sessionBridges: string[];
  /** Mirrors, for builds only. */
  mirrors: Endpoint[];
  /** Proxies, for builds and sessions. */
  proxies: Endpoint[];
  resolvers: string[];
  /** TCP ports of public addresses, as 443 or 8000:8100; none for any port of any protocol. */
  ports: string[];
  /** Bytes per second of each container in each direction; 0 for any number. */
  rate: number;
  /** Addresses on the builds' bridge of containers that are not ours, and that no rule of ours may touch. */
  strangers: string[];
}

export type Family = 4 | 6;

function ofFamily<T extends string | Endpoint>(list: readonly T[], family: Family): T[] {
  const kept = list.filter((item) => isIP(typeof item === 'string' ? item : item.address) === family);
  const text = (item: T) => (typeof item === 'string' ? item : `${item.address} ${item.port}`);
  return [...new Map(kept.map((item) => [text(item), item])).values()].sort((a, b) => (text(a) < text(b) ? -1 : 1));
}

interface Rules {
  strangers: string[];
  common: string[];
  closed: string[];
  back: string[];
}

/** What is over the rate is lost, to which TCP adapts; a container may be faster for two seconds. */
function limit(rate: number, by: 'srcip' | 'dstip'): string[] {
  const kilobytes = Math.max(1, Math.round(rate / 1024));
  // The kernel keeps the rate of a name for as long as any rule has it, so each rate has its own; 15 letters are all.
  const name = `slw-${by === 'srcip' ? 'up' : 'dn'}-${kilobytes}`;
  const speed = `--hashlimit-above ${kilobytes}kb/s --hashlimit-burst ${2 * kilobytes}kb`;
  return rate === 0 ? [] : [`-m hashlimit ${speed} --hashlimit-mode ${by} --hashlimit-name ${name} -j DROP`];
}

/** Public addresses on these ports and nothing else; a mirror was let through before. */
function publicPorts(ports: readonly string[]): string[] {
  if (ports.length === 0) return [];
  const groups = Array.from({ length: Math.ceil(ports.length / MOST_PORTS) }, (_, index) =>
    ports.slice(index * MOST_PORTS, (index + 1) * MOST_PORTS),
  );
  return [...groups.map((group) => `-p tcp -m multiport --dports ${group.join(',')} -j RETURN`), ...refuse()];
}

/** Rules of the chains without their names; a mirror is told by where the packet was first sent, before any DNAT. */
function rules(wanted: Wanted, family: Family): Rules {
  const bridge = wanted.buildBridge;
  const endpoint = (item: Endpoint) =>
    `-p tcp -m conntrack --ctorigdst ${item.address} --ctorigdstport ${item.port} -j RETURN`;
  const strangers = bridge === undefined ? [] : ofFamily(wanted.strangers, family);
  const mirrors = bridge === undefined ? [] : ofFamily(wanted.mirrors, family);
  const common = [
    '-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN',
    // Neighbour discovery: without it there is no IPv6 at all.
    ...(family === 6 ? ['-p ipv6-icmp -j RETURN'] : []),
    ...ofFamily(wanted.resolvers, family).flatMap((address) =>
      ['udp', 'tcp'].map((protocol) => `-d ${address} -p ${protocol} -m ${protocol} --dport 53 -j RETURN`),
    ),
    ...ofFamily(wanted.proxies, family).map(endpoint),
    ...mirrors.map((item) => `-i ${bridge} ${endpoint(item)}`),
  ];
  const limited = limit(wanted.rate, 'dstip');
  return {
    strangers: strangers.map((address) => `-s ${address} -i ${bridge} -j RETURN`),
    common,
    closed: CLOSED[family].flatMap((range) => refuse(`-d ${range} `)),
    back:
      limited.length === 0 ? [] : [...strangers.map((address) => `-d ${address} -o ${bridge} -j RETURN`), ...limited],
  };
}

/** A reset for TCP: the kernel sends one ICMP message a second to each address, and programs would wait for it. */
function refuse(match = ''): string[] {
  return [`${match}-p tcp -j REJECT --reject-with tcp-reset`, `${match}-j REJECT`];
}

interface Hook {
  parent: string;
  rule: string;
}

function hooksOf(wanted: Wanted, parent: string, back: boolean): Hook[] {
  const bridges = [...(wanted.buildBridge === undefined ? [] : [wanted.buildBridge]), ...wanted.sessionBridges];
  return [...new Set(bridges)]
    .sort()
    .flatMap((bridge) => [
      { parent, rule: `-i ${bridge} -j ${FORWARD}` },
      { parent: 'INPUT', rule: `-i ${bridge} -j ${HOST}` },
      ...(back ? [{ parent, rule: `-o ${bridge} -j ${BACK}` }] : []),
    ]);
}

/**
 * @param saved what iptables-save says of the table `filter`
 * @returns input for `iptables-restore --noflush`, undefined when everything is as wanted
 */
export function changes(saved: string, wanted: Wanted, family: Family): string | undefined {
  const lines = saved.split('\n');
  // Docker's own chain for rules that come before its; without it (iptables off in the engine) FORWARD itself.
  const parent = lines.some((line) => line.startsWith(':DOCKER-USER ')) ? 'DOCKER-USER' : 'FORWARD';
  const { strangers, common, closed, back } = rules(wanted, family);
  const hooks = hooksOf(wanted, parent, back.length > 0);
  const forward = [...strangers, ...limit(wanted.rate, 'srcip'), ...common, ...closed, ...publicPorts(wanted.ports)];
  const host = [...strangers, ...common, ...refuse()];
  const mark = createHash('sha256')
    .update(JSON.stringify([forward, back, host]))
    .digest('hex')
    .slice(0, 16);
  const isMarked = lines.some((line) => line.includes(`--comment slipway-${mark}`));
  const counted = (chain: string) => lines.filter((line) => line.startsWith(`-A ${chain} `)).length;
  const counts = [counted(FORWARD) - 1, counted(BACK), counted(HOST)];
  const isWhole = isMarked && counts.join() === [forward.length, back.length, host.length].join();
  if (isWhole && areInPlace(lines, hooks)) return undefined;
  const old = lines.filter((line) => line.startsWith('-A ') && OURS.test(line));
  return [
    '*filter',
    `:${FORWARD} - [0:0]`,
    `:${BACK} - [0:0]`,
    `:${HOST} - [0:0]`,
    ...old.map((line) => line.replace(/^-A/, '-D')),
    ...hooks.map((hook) => `-I ${hook.parent} 1 ${hook.rule}`),
    `-A ${FORWARD} -m comment --comment slipway-${mark}`,
    ...forward.map((rule) => `-A ${FORWARD} ${rule}`),
    ...back.map((rule) => `-A ${BACK} ${rule}`),
    ...host.map((rule) => `-A ${HOST} ${rule}`),
    'COMMIT',
    '',
  ].join('\n');
}

/** Whether exactly these hooks are there, and before anybody else's rules. */
function areInPlace(lines: readonly string[], hooks: readonly Hook[]): boolean {
  const ours = lines.filter((line) => OURS.test(line));
  if (ours.length !== hooks.length) return false;
  return hooks.every((hook) => {
    const chain = lines.filter((line) => line.startsWith(`-A ${hook.parent} `));
    const count = hooks.filter((other) => other.parent === hook.parent).length;
    return chain.slice(0, count).includes(`-A ${hook.parent} ${hook.rule}`);
  });
}
