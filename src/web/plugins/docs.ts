/** The API's description, as OpenAPI and for people. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { VERSION } from '../../root.ts';

/** Swagger's page draws with pictures in its style sheet, and asks nobody but us. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Has to come before the routes that it describes. */
export async function addDocs(app: FastifyInstance, baseUrl: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Slipway',
        description: 'A public Git repository → a running notebook.',
        version: VERSION,
        license: { name: 'BSD-3-Clause', identifier: 'BSD-3-Clause' },
      },
      servers: [{ url: baseUrl }],
      components: { securitySchemes: { operator: { type: 'http', scheme: 'bearer' } } },
    },
  });
  await app.register(swaggerUi, {
    routePrefix: '/api/docs',
    staticCSP: POLICY,
    uiConfig: { validatorUrl: null, deepLinking: true },
  });
}
