/** A way out of a network namespace: a pair of interfaces, and rules that let through and masquerade what comes from there. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

export interface WayOut {
  /** Removes the rules; the interfaces go with the namespace. */
  close(): Promise<void>;
}

/** Four addresses each, from a range that neither Docker nor its hosts use by themselves. */
const RANGE = '10.213';
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const execute = promisify(execFile);
const run = async (program: string, words: string) => {
  await execute(program, words.split(' '), { env: { PATH } });
};

/** Waits until a process has a network of its own, and connects it. */
export async function openWayOut(pid: number): Promise<WayOut> {
  await untilApart(pid);
  const id = randomBytes(3).toString('hex');
  const [third, fourth] = [randomBytes(1)[0] ?? 0, ((randomBytes(1)[0] ?? 0) >> 2) * 4];
  const address = (n: number) => `${RANGE}.${third}.${fourth + n}`;
  const outside = `sw-${id}`;
  const inside = (words: string) => run('nsenter', `-t ${pid} -n ip ${words}`);
  await run('ip', `link add ${outside} type veth peer name eth0 netns ${pid}`);
  await run('ip', `addr add ${address(1)}/30 dev ${outside}`);
  await run('ip', `link set ${outside} up`);
  await inside(`addr add ${address(2)}/30 dev eth0`);
  await inside('link set lo up');
  await inside('link set eth0 up');
  await inside(`route add default via ${address(1)}`);
  const rules = [
    ['filter', `FORWARD -i ${outside} -j ACCEPT`],
    ['filter', `FORWARD -o ${outside} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`],
    ['nat', `POSTROUTING -s ${address(2)}/32 ! -o ${outside} -j MASQUERADE`],
  ] as const;
  // First of all, for an engine has everything dropped that nobody lets through.
  for (const [table, rule] of rules) await run('iptables', `-w 5 -t ${table} -I ${rule}`);
  return {
    async close() {
      for (const [table, rule] of rules) await run('iptables', `-w 5 -t ${table} -D ${rule}`);
    },
  };
}

async function untilApart(pid: number): Promise<void> {
  const ours = await readlink('/proc/self/ns/net');
  for (const limit = Date.now() + 5000; Date.now() < limit; await sleep(5))
    if ((await readlink(`/proc/${pid}/ns/net`)) !== ours) return;
  throw new Error('the process has no network of its own');
}
