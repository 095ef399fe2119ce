import { SendenseError } from '@sendense/core';
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import { z } from 'zod';
import { isStream, type Route } from '../routes/route.ts';
import { admittedSignal } from './admitted-signal.ts';
import { goneSignal } from './gone-signal.ts';

/** Operations without a query refuse one. */
const NO_QUERY = z.strictObject({});

/** Serves an operation. Its caller was admitted by the hooks of the app before the handler is called. */
export function registerRoute(app: FastifyInstance, route: Route, stop: AbortSignal): void {
  app.route({
    method: route.method,
    url: route.url,
    config: { route },
    schema: validationOf(route),
    handler: (request, reply) => respond(route, request, reply, stop),
  });
}

async function respond(
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
  stop: AbortSignal,
): Promise<unknown> {
  const { admission } = request;
  if (admission === null) throw notAdmitted(route);
  if (isStream(route.answer)) void reply.type(route.answer.mediaType);
  void reply.status(route.status ?? 200);
  const gone = goneSignal(reply, stop);
  return route.handler({
    params: request.params,
    query: request.query,
    body: request.body,
    principal: admission.principal,
    scope: admission.scope,
    signal:
      route.rechecked === true ? AbortSignal.any([gone, admittedSignal(reply, request.admitAgain)]) : gone,
    reply,
    noteJob: (jobId) => {
      request.job = jobId;
    },
    noteSubject: (subject) => {
      request.subject = { ...request.subject, ...subject };
    },
  });
}

/** The schemas that fastify checks with: what is asked, and what success answers. */
function validationOf({ params, query, body, answer, status = 200 }: Route): FastifySchema {
  return {
    ...(params && { params }),
    querystring: query ?? NO_QUERY,
    ...(body && { body }),
    ...(!isStream(answer) && { response: { [status]: answer } }),
  };
}

/** Answers 405 for the methods that the operations of `url` do not have, whatever else is wrong with the request. */
export function refuseOtherMethods(app: FastifyInstance, url: string, methods: readonly string[]): void {
  const allow = methods.join(', ');
  const refuse = async (_request: FastifyRequest, reply: FastifyReply): Promise<never> => {
    void reply.header('allow', allow);
    throw Object.assign(new Error(`${url} takes ${allow}`), { statusCode: 405 });
  };
  const others = app.supportedMethods.filter((method) => !methods.includes(method));
  app.route({ method: others, url, onRequest: refuse, handler: refuse });
}

function notAdmitted({ method, url }: Route): SendenseError {
  return new SendenseError('UNEXPECTED', `${method} ${url} was called without admission`, {
    operation: 'serve-request',
  });
}
