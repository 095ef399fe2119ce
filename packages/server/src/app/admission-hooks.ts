import type { FastifyInstance } from 'fastify';
import { admit, type Gate, identify } from './admission.ts';
import { refuseForeignPages } from './host-check.ts';

/**
 * Before anything of a request is read: whether it may come at all, and who calls. What the caller may do is decided after the rates are
 * counted, so that refusals count too.
 */
export function identifyCallers(app: FastifyInstance, gate: Gate): void {
  app.decorateRequest('principal', null);
  app.decorateRequest('admission', null);
  app.addHook('onRequest', async (request) => {
    if (!(await gate.access.isGuarded())) refuseForeignPages(request.headers);
    const { route } = request.routeOptions.config;
    if (route !== undefined) request.principal = await identify(request, route, gate);
  });
}

/** Lets callers in, before bodies are read. */
export function admitCallers(app: FastifyInstance, gate: Gate): void {
  app.addHook('preParsing', async (request) => {
    const { route } = request.routeOptions.config;
    if (route === undefined || request.principal === null) return;
    request.admission = admit(request.principal, route, gate);
    request.admitAgain = async () =>
      admit(await gate.access.authenticate(request.headers.authorization), route, gate);
  });
}
