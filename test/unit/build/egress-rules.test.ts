import { describe, expect, it } from 'vitest';
import { changes, type Wanted } from '../../../src/egress-rules.ts';

const EMPTY = [
  '*filter',
  ':INPUT ACCEPT [0:0]',
  ':FORWARD DROP [0:0]',
  ':DOCKER-USER - [0:0]',
  '-A FORWARD -j DOCKER-USER',
  '-A DOCKER-USER -j RETURN',
  'COMMIT',
  '',
].join('\n');
const WANTED: Wanted = {
  buildBridge: 'docker0',
  sessionBridges: ['slipway0'],
  mirrors: [{ address: '10.1.2.3', port: 3141 }],
  proxies: [],
  resolvers: ['10.0.0.53'],
  strangers: ['172.17.0.9'],
  ports: ['80', '443', '8000:8100'],
  rate: 16 * 2 ** 20,
};

/** What iptables-save says after these changes, as far as the rules' form is the same. */
function applied(saved: string, input: string): string {
  const lines = saved.split('\n').filter((line) => !/SLIPWAY/.test(line));
  for (const line of input.split('\n')) {
    const insert = /^-I (\S+) 1 (.*)$/.exec(line);
    if (insert)
      lines.splice(
        lines.findIndex((text) => text.startsWith('-A') || text === 'COMMIT'),
        0,
        `-A ${insert[1]} ${insert[2]}`,
      );
    else if (line.startsWith('-A')) lines.splice(lines.indexOf('COMMIT'), 0, line);
  }
  return lines.join('\n');
}

describe('changes', () => {
  const first = changes(EMPTY, WANTED, 4) ?? '';

  it('hooks both chains in front of every bridge', () => {
    for (const bridge of ['docker0', 'slipway0']) {
      expect(first).toContain(`-I DOCKER-USER 1 -i ${bridge} -j SLIPWAY-EGRESS`);
      expect(first).toContain(`-I INPUT 1 -i ${bridge} -j SLIPWAY-HOST`);
    }
  });

  it('lets builds, not sessions, reach exactly the port of a mirror, before anything is closed', () => {
    const rules = first.split('\n').filter((line) => line.startsWith('-A SLIPWAY-EGRESS'));
    const mirror = rules.findIndex((line) => line.includes('--ctorigdst 10.1.2.3 --ctorigdstport 3141'));
    expect(rules[mirror]).toContain('-i docker0');
    expect(mirror).toBeLessThan(rules.findIndex((line) => line.includes('10.0.0.0/8')));
    expect(rules.filter((line) => line.includes('-j RETURN')).every((line) => !/-d 10\.1\.2\.3/.test(line))).toBe(true);
  });

  it.each([
    '10.0.0.0/8',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '169.254.0.0/16',
    '100.64.0.0/10',
    '127.0.0.0/8',
    '240.0.0.0/4',
  ])('closes %s', (range) =>
    expect(first).toMatch(new RegExp(`-A SLIPWAY-EGRESS -d ${range.replaceAll('.', '\\.')} -j REJECT`)),
  );

  it('leaves the documentation networks open', () => expect(first).not.toMatch(/203\.0\.113|192\.0\.2\./));

  it('opens the ports that are named, of public addresses, after everything private is closed', () => {
    const rules = first.split('\n').filter((line) => line.startsWith('-A SLIPWAY-EGRESS'));
    const open = rules.findIndex((line) => line.endsWith('-p tcp -m multiport --dports 80,443,8000:8100 -j RETURN'));
    expect(open).toBeGreaterThan(rules.findIndex((line) => line.includes('240.0.0.0/4')));
    expect(rules.slice(open + 1).map((line) => line.replace('-A SLIPWAY-EGRESS ', ''))).toEqual([
      '-p tcp -j REJECT --reject-with tcp-reset',
      '-j REJECT',
    ]);
    expect(changes(EMPTY, { ...WANTED, ports: [] }, 4)).not.toContain('multiport');
    const many = Array.from({ length: 20 }, (_, index) => `${index * 10 + 1}:${index * 10 + 2}`);
    const groups = (changes(EMPTY, { ...WANTED, ports: many }, 4) ?? '').match(/--dports \S+/g) ?? [];
    expect(groups.map((group) => group.split(',').length)).toEqual([7, 7, 6]);
  });

  it('limits each container in both directions, but for strangers', () => {
    const lines = first.split('\n');
    const up = lines.findIndex((line) => line.startsWith('-A SLIPWAY-EGRESS -m hashlimit --hashlimit-above 16384kb/s'));
    expect(lines[up]).toMatch(/--hashlimit-mode srcip .*-j DROP$/);
    expect(lines.indexOf('-A SLIPWAY-EGRESS -s 172.17.0.9 -i docker0 -j RETURN')).toBeLessThan(up);
    expect(up).toBeLessThan(lines.findIndex((line) => line.includes('ESTABLISHED')));
    const back = lines.filter((line) => line.startsWith('-A SLIPWAY-INGRESS'));
    expect(back[0]).toBe('-A SLIPWAY-INGRESS -d 172.17.0.9 -o docker0 -j RETURN');
    expect(back[1]).toMatch(/--hashlimit-mode dstip .*-j DROP$/);
    expect(first).toContain('-I DOCKER-USER 1 -o slipway0 -j SLIPWAY-INGRESS');
    const free = changes(EMPTY, { ...WANTED, rate: 0 }, 4) ?? '';
    expect(free).not.toMatch(/hashlimit|-j SLIPWAY-INGRESS/);
  });

  it('changes nothing the second time', () => {
    expect(changes(applied(EMPTY, first), WANTED, 4)).toBeUndefined();
  });

  it('mends a rule that was removed, a hook behind a foreign rule, and what is wanted differently', () => {
    const saved = applied(EMPTY, first);
    expect(changes(saved.replace('-A SLIPWAY-EGRESS -d 10.0.0.0/8 -j REJECT\n', ''), WANTED, 4)).toBeDefined();
    const behind = saved.replace('-A INPUT -i', '-A INPUT -j ACCEPT\n-A INPUT -i');
    expect(changes(behind, WANTED, 4)).toBeDefined();
    expect(changes(saved, { ...WANTED, mirrors: [] }, 4)).toBeDefined();
  });

  it('takes the hooks of the default bridge away when no build runs', () => {
    const { buildBridge: _none, ...idle } = WANTED;
    const input = changes(applied(EMPTY, first), idle, 4) ?? '';
    expect(input).toContain('-D DOCKER-USER -i docker0 -j SLIPWAY-EGRESS');
    expect(input).not.toContain('-I DOCKER-USER 1 -i docker0');
    expect(input).not.toContain('10.1.2.3');
  });

  it('stands in FORWARD where the engine has no chain for it, and closes IPv6 as well', () => {
    const input = changes('*filter\n:FORWARD ACCEPT [0:0]\nCOMMIT\n', WANTED, 6) ?? '';
    expect(input).toContain('-I FORWARD 1 -i docker0');
    expect(input).toContain('-d fc00::/7');
    expect(input).not.toContain('10.0.0.0');
  });
});
