/** The firewall's rules as text for iptables-restore. Pure: what is wanted and what is there give what has to change. */
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';

/** Chains of ours: forwarded packets, and packets to the host itself. */
const FORWARD = 'SLIPWAY-EGRESS';
const HOST = 'SLIPWAY-HOST';

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
  /** Addresses on the builds' bridge of containers that are not ours, and that no rule of ours may touch. */
  strangers: string[];
}

export type Family = 4 | 6;

function ofFamily<T extends string | Endpoint>(list: readonly T[], family: Family): T[] {
  const kept = list.filter((item) => isIP(typeof item === 'string' ? item : item.address) === family);
  const text = (item: T) => (typeof item === 'string' ? item : `${item.address} ${item.port}`);
  return [...new Map(kept.map((item) => [text(item), item])).values()].sort((a, b) => (text(a) < text(b) ? -1 : 1));
}

/** Rules of both chains without their names; a mirror is told by where the packet was first sent, before any DNAT. */
function rules(wanted: Wanted, family: Family): { common: string[]; closed: string[] } {
  const bridge = wanted.buildBridge;
  const endpoint = (item: Endpoint) =>
    `-p tcp -m conntrack --ctorigdst ${item.address} --ctorigdstport ${item.port} -j RETURN`;
  const strangers = bridge === undefined ? [] : ofFamily(wanted.strangers, family);
  const mirrors = bridge === undefined ? [] : ofFamily(wanted.mirrors, family);
  const common = [
    '-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN',
    // Neighbour discovery: without it there is no IPv6 at all.
    ...(family === 6 ? ['-p ipv6-icmp -j RETURN'] : []),
    ...strangers.map((address) => `-s ${address} -i ${bridge} -j RETURN`),
    ...ofFamily(wanted.resolvers, family).flatMap((address) =>
      ['udp', 'tcp'].map((protocol) => `-d ${address} -p ${protocol} -m ${protocol} --dport 53 -j RETURN`),
    ),
    ...ofFamily(wanted.proxies, family).map(endpoint),
    ...mirrors.map((item) => `-i ${bridge} ${endpoint(item)}`),
  ];
  return { common, closed: CLOSED[family].flatMap((range) => refuse(`-d ${range} `)) };
}

/** A reset for TCP: the kernel sends one ICMP message a second to each address, and programs would wait for it. */
function refuse(match = ''): string[] {
  return [`${match}-p tcp -j REJECT --reject-with tcp-reset`, `${match}-j REJECT`];
}

interface Hook {
  parent: string;
  rule: string;
}

function hooksOf(wanted: Wanted, parent: string): Hook[] {
  const bridges = [...(wanted.buildBridge === undefined ? [] : [wanted.buildBridge]), ...wanted.sessionBridges];
  return [...new Set(bridges)].sort().flatMap((bridge) => [
    { parent, rule: `-i ${bridge} -j ${FORWARD}` },
    { parent: 'INPUT', rule: `-i ${bridge} -j ${HOST}` },
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
  const hooks = hooksOf(wanted, parent);
  const { common, closed } = rules(wanted, family);
  const forward = [...common, ...closed];
  const host = [...common, ...refuse()];
  const mark = createHash('sha256')
    .update(JSON.stringify([forward, host]))
    .digest('hex')
    .slice(0, 16);
  const isMarked = lines.some((line) => line.includes(`--comment slipway-${mark}`));
  const counted = (chain: string) => lines.filter((line) => line.startsWith(`-A ${chain} `)).length;
  const isWhole = isMarked && counted(FORWARD) === forward.length + 1 && counted(HOST) === host.length;
  if (isWhole && areInPlace(lines, hooks)) return undefined;
  const old = lines.filter((line) => /^-A \S+ .*-j (?:SLIPWAY-EGRESS|SLIPWAY-HOST)$/.test(line));
  return [
    '*filter',
    `:${FORWARD} - [0:0]`,
    `:${HOST} - [0:0]`,
    ...old.map((line) => line.replace(/^-A/, '-D')),
    ...hooks.map((hook) => `-I ${hook.parent} 1 ${hook.rule}`),
    `-A ${FORWARD} -m comment --comment slipway-${mark}`,
    ...forward.map((rule) => `-A ${FORWARD} ${rule}`),
    ...host.map((rule) => `-A ${HOST} ${rule}`),
    'COMMIT',
    '',
  ].join('\n');
}

/** Whether exactly these hooks are there, and before anybody else's rules. */
function areInPlace(lines: readonly string[], hooks: readonly Hook[]): boolean {
  const ours = lines.filter((line) => /-j SLIPWAY-(?:EGRESS|HOST)$/.test(line));
  if (ours.length !== hooks.length) return false;
  return hooks.every((hook) => {
    const chain = lines.filter((line) => line.startsWith(`-A ${hook.parent} `));
    const count = hooks.filter((other) => other.parent === hook.parent).length;
    return chain.slice(0, count).includes(`-A ${hook.parent} ${hook.rule}`);
  });
}
