/** How a session without any network is reached: a program in its container passes a unix socket on to its server. */

/** Where the folder of the socket is mounted. */
export const DOOR = '/run/slipway/door';
/** Name of the socket in that folder. */
export const SOCKET = 'server';

/** For the Python that each suite has, apart from whatever the repository installs. */
const RELAY = `
import asyncio, os

async def pump(reader, writer):
    try:
        while True:
            data = await reader.read(65536)
            if not data:
                break
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        pass

async def serve(reader, writer):
    try:
        inner, outer = await asyncio.open_connection("127.0.0.1", 8888)
        await asyncio.gather(pump(reader, outer), pump(inner, writer))
        outer.close()
    except OSError:
        pass
    writer.close()

async def main():
    path = "${DOOR}/${SOCKET}"
    server = await asyncio.start_unix_server(serve, path)
    os.chmod(path, 0o777)
    await server.serve_forever()

asyncio.run(main())
`;

/** A command with the relay beside it. */
export function withRelay(command: readonly string[]): string[] {
  return ['/bin/sh', '-c', '/usr/bin/python3 -I -S -c "$0" & exec "$@"', RELAY, ...command];
}
