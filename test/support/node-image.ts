/** An image that holds nothing but this machine's Node: a container for tests that is there within a second. */
import { execFileSync } from 'node:child_process';
import { createReadStream, statSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type Docker from 'dockerode';
import { pack } from 'tar-stream';

/** Shared libraries that a program needs, the loader included, as ldd tells. */
function libraries(program: string): string[] {
  const lines = execFileSync('ldd', [program], { encoding: 'utf8' }).split('\n');
  return lines.map((line) => /(\/\S+) \(0x/.exec(line)?.[1]).filter((path) => path !== undefined);
}

/**
 * Makes image `name`, whose command runs the script (CommonJS) with Node.
 * @returns removes the image
 */
export async function makeNodeImage(docker: Docker, name: string, script: string): Promise<() => Promise<void>> {
  const tar = pack();
  const passwd = 'root:x:0:0::/:/none\njovyan:x:1000:1000::/:/none\n';
  const fill = async () => {
    tar.entry({ name: 'etc/passwd' }, passwd);
    tar.entry({ name: 'tmp', type: 'directory', mode: 0o1777 });
    tar.entry({ name: 'server.js' }, script);
    for (const path of [process.execPath, ...libraries(process.execPath)]) {
      const entry = tar.entry({ name: path.slice(1), mode: 0o755, size: statSync(path).size });
      await pipeline(createReadStream(path), entry);
    }
    tar.finalize();
  };
  const [repo, tag] = name.split(':');
  const changes = `CMD ${JSON.stringify([process.execPath, '/server.js'])}`;
  const imported = docker.importImage(tar as unknown as NodeJS.ReadableStream, { repo, tag, changes } as object);
  const [stream] = await Promise.all([imported, fill()]);
  stream.resume();
  await new Promise((resolve, reject) => stream.on('end', resolve).on('error', reject));
  return async () => {
    await docker.getImage(name).remove({ force: true });
  };
}
