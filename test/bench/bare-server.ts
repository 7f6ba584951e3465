/** The least that node:http can do: says to everybody what a URL answers. Arguments: URL, headers as JSON. Prints its port. */
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';

const [url = '', headers = '{}'] = process.argv.slice(2);
// fetch would unpack it.
get(url, { headers: JSON.parse(headers) as Record<string, string> }, (response) => {
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  response.on('end', () => {
    const { date: _date, connection: _connection, 'keep-alive': _alive, ...own } = response.headers;
    const body = Buffer.concat(chunks);
    const server = createServer((_request, answer) => answer.writeHead(200, own).end(body));
    server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
  });
});
