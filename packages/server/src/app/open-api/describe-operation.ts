import type { ErrorCode } from '@sendense/core';
import { z } from 'zod';
import { isStream, type Route } from '../../routes/route.ts';
import { refusalStatus, statusOf } from '../error-status.ts';
import type { ComponentSchemas, JsonSchema } from './component-schemas.ts';

/** An operation of the document. */
export function describeOperation(route: Route, schemas: ComponentSchemas): JsonSchema {
  const { operationId, tag, summary, role, params, query, body } = route;
  return {
    operationId,
    summary,
    tags: [tag],
    ...(role === 'public' ? { security: [] } : { description: neededRole(route) }),
    parameters: [
      ...parameters('path', params, schemas),
      ...parameters('query', query, schemas),
      ...headerParameters(route),
    ],
    ...(body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: schemas.of(body, 'input') } } },
    }),
    responses: { ...successes(route, schemas), ...failures(route) },
  };
}

function neededRole({ role, allTenants }: Route): string {
  return `Needs the role \`${role}\`${allTenants === true ? ', of all tenants' : ''}.`;
}

/** The fields of an object schema as parameters. Values are shown as they are read, e.g. a number that was written in digits. */
function parameters(
  place: 'path' | 'query',
  schema: z.ZodType | undefined,
  schemas: ComponentSchemas,
): JsonSchema[] {
  if (schema === undefined) return [];
  const { properties = {} } = schemas.of(schema, 'output') as { properties?: Record<string, JsonSchema> };
  const { required = [] } = schemas.of(schema, 'input') as { required?: string[] };
  return Object.entries(properties).map(([name, { description, ...value }]) => ({
    name,
    in: place,
    required: required.includes(name),
    ...(description !== undefined && { description }),
    schema: value,
  }));
}

function headerParameters({ headers = {} }: Route): JsonSchema[] {
  return Object.entries(headers).map(([name, description]) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  }));
}

function successes({ answer, status = 200, summary, also = {} }: Route, schemas: ComponentSchemas) {
  if (answer instanceof z.ZodNever) return {};
  if (!isStream(answer))
    return {
      [status]: {
        description: summary,
        content: { 'application/json': { schema: schemas.of(answer, 'output') } },
      },
    };
  const { mediaType, description } = answer;
  const all = Object.entries({ [status]: description, ...also });
  const content = { [mediaType]: { schema: schemaOfStream(mediaType) } };
  return Object.fromEntries(
    all.map(([code, text]) => [code, { description: text, ...(code !== NO_CONTENT && { content }) }]),
  );
}

/** OpenAPI 3.1 has no word for a stream of values: its tools take the schema of one to be that of each event. */
const EVENT: JsonSchema = {
  type: 'object',
  properties: {
    event: { type: 'string' },
    id: { type: 'string', description: 'Absent on what does not come again.' },
    data: { type: 'string', contentMediaType: 'application/json' },
  },
  required: ['event', 'data'],
};

function schemaOfStream(mediaType: string): JsonSchema {
  if (mediaType === 'text/event-stream') return EVENT;
  return mediaType.startsWith('text/') ? { type: 'string' } : {};
}

/** The one success without a body, RFC 9110 15.3.5. */
const NO_CONTENT = '204';

/** What any request may be refused with, whatever it asks for. */
const ALWAYS: readonly ErrorCode[] = ['CONFIG_INVALID', 'RATE_LIMITED', 'UNEXPECTED', 'ABORTED'];

/** A body that is too large, or no JSON: it is read before it is known that none is wanted. */
const REFUSED_BODIES = [413, 415] as const;

/** What is too large to be read, whatever it asks for: a part of the path, and the request line with the headers. */
const TOO_LONG = { parameter: 414, headers: 431 } as const;

/** The failures by status, each with its codes; `default` are those of places behind the server, and of broken HTTP. */
function failures({ method, role, errors = [], params }: Route): JsonSchema {
  const byStatus = new Map<number, Set<string>>();
  const add = (status: number, code: ErrorCode) =>
    byStatus.set(status, (byStatus.get(status) ?? new Set()).add(code));
  for (const code of [...ALWAYS, ...errors]) add(statusOf(code), code);
  add(TOO_LONG.headers, 'CONFIG_INVALID');
  if (params !== undefined) add(TOO_LONG.parameter, 'CONFIG_INVALID');
  if (params !== undefined) add(404, 'NOT_FOUND');
  if (method !== 'GET') for (const status of REFUSED_BODIES) add(status, 'CONFIG_INVALID');
  if (role !== 'public')
    for (const code of ['AUTHENTICATION_FAILED', 'PERMISSION_DENIED'] as const)
      add(refusalStatus(code), code);
  const named = [...byStatus].map(([status, codes]) => [
    status,
    { $ref: '#/components/responses/Error', description: [...codes].join(', ') },
  ]);
  return { ...Object.fromEntries(named), default: { $ref: '#/components/responses/Error' } };
}
