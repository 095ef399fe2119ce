import { expect, it } from 'vitest';
import { allRoutes } from '../../routes/all-routes.ts';
import { isStream } from '../../routes/route.ts';
import type { RouteServices } from '../../routes/route-services.ts';
import { openApiDocument } from './open-api-document.ts';

// handlers are not called: the document is made of what the routes say of themselves
const routes = allRoutes({} as RouteServices);
const document = openApiDocument(routes) as unknown as {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown>; responses: Record<string, unknown> };
};
type Operation = {
  operationId: string;
  security?: unknown[];
  parameters: { name: string; in: string; required: boolean; schema: unknown }[];
  requestBody?: { content: Record<string, { schema: { $ref?: string } }> };
  responses: Record<string, { $ref?: string; content?: Record<string, unknown> }>;
};
function operationOf(id: string): Operation {
  const found = operations.find(({ operationId }) => operationId === id);
  if (found === undefined) throw new Error(`no operation ${id}`);
  return found;
}
const operations = Object.values(document.paths).flatMap((path) => Object.values(path));

it('has every operation once, with its paths as the API is asked for', () => {
  expect(document.openapi).toBe('3.1.0');
  expect(operations).toHaveLength(routes.length);
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(routes.length);
  expect(
    Object.entries(document.paths).flatMap(([path, by]) =>
      Object.keys(by).map((method) => `${method} ${path}`),
    ),
  ).toEqual(
    expect.arrayContaining([
      'post /api/v1/backup/start',
      'get /api/v1/backup/list',
      'get /api/v1/backup/{backup_id}',
      'delete /api/v1/backup/{backup_id}',
      'get /api/v1/backup/chain',
      'post /api/v1/restore/mount',
      'get /api/v1/restore/{mount_id}/files',
      'get /api/v1/restore/{mount_id}/download',
      'delete /api/v1/restore/{mount_id}',
      'get /api/v1/cloudstack/vms',
      'post /api/v1/backup/cloudstack',
      'get /api/v1/agents/cloudstack',
      'post /api/v1/restore/start',
      'get /api/v1/jobs/{job_id}/events',
    ]),
  );
});

it('names each path parameter, and every reference leads somewhere', () => {
  for (const [path, by] of Object.entries(document.paths))
    for (const { parameters } of Object.values(by)) {
      const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const found = parameters.filter((each) => each.in === 'path');
      expect(found.map(({ name, required }) => [name, required])).toEqual(wanted.map((name) => [name, true]));
    }
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)];
  expect(references.length).toBeGreaterThan(20);
  for (const [, kind, name] of references)
    expect(document.components[kind as 'schemas'], `${kind}/${name}`).toHaveProperty(String(name));
  expect(JSON.stringify(document)).not.toContain('$defs');
});

it('says what every operation is refused with, and asks for credentials where they are needed', () => {
  for (const { operationId, responses, security } of operations) {
    const route = routes.find((each) => each.operationId === operationId);
    const statuses = Object.keys(responses);
    expect(statuses, operationId).toEqual(expect.arrayContaining(['400', '429', '431', '500', 'default']));
    const isPublic = route?.role === 'public';
    expect([statuses.includes('401'), statuses.includes('403')], operationId).toEqual([!isPublic, !isPublic]);
    expect(security, operationId).toEqual(isPublic ? [] : undefined);
    expect(statuses.includes('414'), operationId).toBe(route?.params !== undefined);
    const takesBody = route?.method !== 'GET';
    expect([statuses.includes('413'), statuses.includes('415')], operationId).toEqual([takesBody, takesBody]);
  }
});

it('names the header that a client of events comes again with', () => {
  expect(operationOf('followJob').parameters).toMatchObject([
    { name: 'job_id', in: 'path', required: true },
    { name: 'Last-Event-ID', in: 'header', required: false },
  ]);
});

it('promises no content where a reply has none', () => {
  const { responses } = operationOf('followJob');
  expect(responses['200']?.content?.['text/event-stream']).toMatchObject({
    schema: { type: 'object', required: ['event', 'data'] },
  });
  expect(responses['204']).toEqual({ description: expect.stringContaining('has ended') as string });
});

it('refers to one schema of a job wherever one is answered, and takes bodies as the validator does', () => {
  const { responses, requestBody } = operationOf('startBackup');
  expect(responses['202']?.content?.['application/json']).toEqual({
    schema: { $ref: '#/components/schemas/Job' },
  });
  expect(requestBody?.content['application/json']?.schema.$ref).toBe('#/components/schemas/StartBackup');
  expect(document.components.schemas.StartBackup).toMatchObject({
    type: 'object',
    required: ['vm_name', 'repository'],
    additionalProperties: false,
  });
  const streams = routes.filter(({ answer }) => isStream(answer)).map(({ operationId }) => operationId);
  expect(streams).toEqual(['downloadFile', 'followJob', 'readMetrics']);
});
