import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import type { OpenAPIV3, OpenAPIV3_1 } from 'openapi-types';

/** Serves the document at `/openapi.json`, and a page to browse it at `/docs`; neither tells anything of this server's data. */
export async function serveDocuments(app: FastifyInstance, document: OpenAPIV3_1.Document): Promise<void> {
  // its types know 3.0; as it stands the document is only passed on to the page
  const specification = { document: document as OpenAPIV3.Document };
  await app.register(swagger, { mode: 'static', specification });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    uiConfig: { deepLinking: true, persistAuthorization: false, validatorUrl: null },
  });
  app.get('/openapi.json', async (_request, reply) => {
    void reply.type('application/json');
    return JSON.stringify(document);
  });
}
