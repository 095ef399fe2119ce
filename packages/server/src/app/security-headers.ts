import type { FastifyInstance } from 'fastify';

/** Headers for browsers; the page at `/docs` has its own content policy. */
const HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

const ONE_YEAR_SECONDS = 365 * 24 * 60 * 60;

/** Sends {@link HEADERS} and the request's id with everything. No other origin may read anything: there is no CORS. */
export function sendSecurityHeaders(app: FastifyInstance, { isTls }: { readonly isTls: boolean }): void {
  app.addHook('onSend', async (request, reply) => {
    void reply.header('x-request-id', request.id);
    for (const [name, value] of Object.entries(HEADERS))
      if (!reply.hasHeader(name)) void reply.header(name, value);
    if (!request.url.startsWith('/docs'))
      void reply.header('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
    if (isTls) void reply.header('strict-transport-security', `max-age=${ONE_YEAR_SECONDS}`);
  });
}
