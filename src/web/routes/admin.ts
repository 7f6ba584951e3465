/** The operator's board of the queues, where SLIPWAY_ADMIN_TOKEN is set. */
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { FastifyInstance } from 'fastify';
import { checkOperator } from '../client.ts';
import type { Web } from '../context.ts';
import { caught, sendFailure } from '../plugins/errors.ts';

const PATH = '/admin/queues';
/** The board draws with styles that its scripts make. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

/** The board's page without what it would fetch elsewhere, and with the script that sends the token. */
function withToken(page: string, script: string): string {
  return page
    .replace(/<link[^>]+href="https?:[^>]*>/g, '')
    .replace('<script defer', `<script type="module" src="${script}"></script><script defer`);
}

/** Page and scripts of the board hold nothing and are for everybody; what it shows and does needs the token. */
export async function adminRoutes(app: FastifyInstance, { service, config, site }: Web): Promise<void> {
  if (config.SLIPWAY_ADMIN_TOKEN === '') return;
  const adapter = new FastifyAdapter();
  createBullBoard({
    queues: service.queues.map((queue) => new BullMQAdapter(queue)),
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: site.name } },
  });
  adapter.setBasePath(PATH);
  await app.register(
    async (board) => {
      board.addHook('onRequest', async (request, reply) => {
        reply.headers({ 'content-security-policy': POLICY, 'cache-control': 'no-store' });
        // By the route that was found: a path can be spelled in many ways.
        if (!request.routeOptions.url?.startsWith(`${PATH}/api/`)) return;
        try {
          checkOperator(request, config);
        } catch (thrown) {
          // The board's own handler of errors would call it a fault of ours.
          return sendFailure(request, reply, caught(request, thrown), site);
        }
      });
      board.addHook<string>('onSend', async (_request, reply, payload) => {
        const isPage = String(reply.getHeader('content-type')).startsWith('text/html') && typeof payload === 'string';
        return isPage ? withToken(payload, site.asset('board.js')) : payload;
      });
      await board.register(adapter.registerPlugin());
    },
    { prefix: PATH },
  );
}
