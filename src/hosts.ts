/** Hosts and addresses: one spelling, and which are of the public internet. */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Ranges in which nothing of a host's own can be; ipaddr.js calls them reserved. */
const DOCUMENTATION = ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32'].map((range) =>
  ipaddr.parseCIDR(range),
);

/** Whether an address (no brackets) is one of the public internet; anything that does not parse is not. */
export function isPublicAddress(ip: string): boolean {
  if (!ipaddr.isValid(ip) || ip.includes('%')) return false;
  const address = ipaddr.parse(ip);
  if (DOCUMENTATION.some(([range, bits]) => address.kind() === range.kind() && address.match([range, bits])))
    return true;
  if (address.kind() === 'ipv4') return address.range() === 'unicast';
  const v6 = address as ipaddr.IPv6;
  const inside = embeddedV4(v6);
  if (inside !== undefined) return isPublicAddress(inside);
  return v6.range() === 'unicast' && v6.match(ipaddr.parseCIDR('2000::/3') as [ipaddr.IPv6, number]);
}

/** IPv4 address inside a mapped, compatible, NAT64 or 6to4 address. */
function embeddedV4(address: ipaddr.IPv6): string | undefined {
  const bytes = address.toByteArray();
  const prefix = (length: number, ...start: number[]) =>
    bytes.slice(0, length).every((byte, index) => byte === (start[index] ?? 0));
  if (prefix(2, 0x20, 0x02)) return bytes.slice(2, 6).join('.');
  if (prefix(12, 0, 0x64, 0xff, 0x9b)) return bytes.slice(12).join('.');
  if (prefix(10) && bytes[10] === 0xff && bytes[11] === 0xff) return bytes.slice(12).join('.');
  return undefined;
}

/** Host of a URL in one spelling: lower case, punycode, no trailing dot, no brackets, numbers as dotted quads. */
export function hostOf(url: URL): string {
  const host = url.hostname.toLowerCase().replace(/\.+$/, '');
  return host.startsWith('[') ? host.slice(1, -1) : host;
}

/** Port of a URL, the scheme's own when it names none. */
export function portOf(url: URL): number {
  return Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
}

/** `host` or `host:port` with the host in the same spelling that `hostOf` gives; undefined when it is no host. */
export function parseHostPort(entry: string): { host: string; port?: number } | undefined {
  // The first look at an IPv6 address costs a start some milliseconds.
  const bare = entry.split(':').length > 2 && isIP(entry) === 6 ? `[${entry}]` : entry;
  // https has its default port dropped, so the port is read from the text.
  const port = /:(\d{1,5})$/.exec(bare.startsWith('[') ? bare.slice(bare.indexOf(']') + 1) : bare)?.[1];
  if (!URL.canParse(`https://${bare}/`)) return undefined;
  const host = hostOf(new URL(`https://${bare}/`));
  return port === undefined ? { host } : { host, port: Number(port) };
}

/** Whether one of the `host[:port]` entries is this host and port. */
export function isNamed(entries: readonly string[], host: string, port: number): boolean {
  return entries.some((entry) => {
    const named = parseHostPort(entry);
    return named?.host === host && (named.port === undefined || named.port === port);
  });
}
