/** Hosts that are nobody's: network namespaces of this machine, on a network for documentation and on a private one. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';

/** Listens on every port given: sends what is asked for, takes what is sent, and says how many bytes it was. */
const SERVER = `
const { createServer } = require('node:net');
const ports = process.argv.slice(1).map(Number);
let open = 0;
for (const port of ports) createServer((socket) => {
  socket.on('error', () => {});
  let asked = '';
  let taken = 0;
  socket.on('data', (chunk) => {
    taken += chunk.length;
    if (asked.length < 20) asked += chunk.toString('latin1', 0, 20);
    const count = /^GET (\\d+)\\n/.exec(asked);
    if (count) socket.end(Buffer.alloc(Number(count[1]), 'x'));
  });
  socket.on('end', () => socket.end(String(taken)));
}).listen(port, '0.0.0.0', () => { if (++open === ports.length) console.log('open'); });
`;

export interface Outside {
  address: string;
  close(): Promise<void>;
}

/**
 * Makes a host that this machine can reach and nobody else is on.
 * @param name of the namespace, at most 8 letters
 * @param network its first three numbers
 */
export async function makeOutside(name: string, network: string, ports: readonly number[]): Promise<Outside> {
  const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' });
  // Left by a run that was killed; one that runs has its server in there.
  if (existsSync(`/run/netns/${name}`) && ip('netns', 'pids', name).length === 0) ip('netns', 'delete', name);
  ip('netns', 'add', name);
  let server: ChildProcess | undefined;
  const close = async () => {
    if (server?.exitCode === null) {
      server.kill('SIGKILL');
      await once(server, 'exit');
    }
    // The pair of interfaces goes with the namespace that holds one of them.
    ip('netns', 'delete', name);
  };
  try {
    ip('link', 'add', `${name}0`, 'type', 'veth', 'peer', 'name', `${name}1`, 'netns', name);
    ip('address', 'add', `${network}.1/24`, 'dev', `${name}0`);
    ip('link', 'set', `${name}0`, 'up');
    ip('-n', name, 'address', 'add', `${network}.2/24`, 'dev', `${name}1`);
    ip('-n', name, 'link', 'set', `${name}1`, 'up');
    const args = ['netns', 'exec', name, process.execPath, '-e', SERVER, ...ports.map(String)];
    server = spawn('ip', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    if (server.stdout) await once(server.stdout, 'data');
    return { address: `${network}.2`, close };
  } catch (error) {
    await close();
    throw error;
  }
}
