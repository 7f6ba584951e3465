/** The least that Fastify can do: says hello to everybody. Prints its address. */
import { fastify } from 'fastify';

const app = fastify();
app.get('/', async () => ({ hello: 'world' }));
const url = await app.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`${url}\n`);
