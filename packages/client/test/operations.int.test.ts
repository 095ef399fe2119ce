import { afterEach, beforeEach, expect, it } from 'vitest';
import { OPERATIONS } from '../src/operations/operations.ts';
import { STREAM_OPERATIONS } from '../src/operations/stream-operations.ts';
import { clientOf, makeService, type Service } from './support/service.ts';

/** What the document of a server says of an operation. */
type Documented = {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: 'path' | 'query' }[];
  readonly requestBody?: unknown;
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
};

type Described = {
  readonly method: string;
  readonly path: string;
  readonly params?: { readonly shape: object };
  readonly query?: { readonly shape: object };
  readonly body?: object;
  readonly answer?: unknown;
};

let service: Service;
beforeEach(async () => {
  service = await makeService();
});
afterEach(() => service[Symbol.asyncDispose]());

/** Every operation that a server has, by its id. */
async function served(url: string) {
  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, Documented>>;
  };
  const all = Object.entries(paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]) => ({ path, method, operation })),
  );
  return Object.fromEntries(
    all.map(({ path, method, operation }) => [operation.operationId, shapeOfServed(path, method, operation)]),
  );
}

function shapeOfServed(path: string, method: string, { parameters, requestBody, responses }: Documented) {
  const names = (place: string) => parameters.filter((each) => each.in === place).map(({ name }) => name);
  const successes = Object.entries(responses).filter(([status]) => status.startsWith('2'));
  const isJson = successes.every(([, { content }]) => content !== undefined && 'application/json' in content);
  return {
    method: method.toUpperCase(),
    path,
    params: names('path'),
    query: names('query'),
    hasBody: requestBody !== undefined,
    isJson,
  };
}

function shapeOfOurs({ method, path, params, query, body, answer }: Described) {
  return {
    method,
    path: path.replaceAll(/:(\w+)/gu, '{$1}'),
    params: Object.keys(params?.shape ?? {}),
    query: Object.keys(query?.shape ?? {}),
    hasBody: body !== undefined,
    isJson: answer !== undefined,
  };
}

it('has a method for every operation of the server, with its path and fields, and no other', async () => {
  const server = await service.start();
  const ours: Record<string, Described> = { ...OPERATIONS, ...STREAM_OPERATIONS } as never;
  const shapes = Object.fromEntries(Object.entries(ours).map(([name, each]) => [name, shapeOfOurs(each)]));
  expect(shapes).toEqual(await served(server.url));
  const client: object = clientOf(server);
  const methods = Object.entries(client).filter(([, value]) => typeof value === 'function');
  expect(methods.map(([name]) => name).toSorted()).toEqual(Object.keys(ours).toSorted());
});

it('backs up, lists, shows and deletes', async () => {
  const client = clientOf(await service.start());
  expect(await client.checkHealth()).toEqual({ status: 'ok' });
  expect(await client.checkReadiness()).toEqual({ status: 'ready' });
  const job = await client.startBackup({ vm_name: 'web', repository: 'main' });
  const { result, backup_id: id } = await client.jobs.wait(job.job_id);
  expect(result).toMatchObject({ backup_id: id, backup_type: 'full' });
  const made = { backup_id: id ?? '' };
  expect(await client.listBackups({ vm_name: 'web' })).toMatchObject({ backups: [made] });
  expect(await client.showBackupChain({ vm_name: 'web' })).toMatchObject({ repository: 'main' });
  expect(await client.showBackup(made)).toMatchObject({ ...made, vm_name: 'web' });
  expect(await client.listJobs({ state: 'completed' })).toMatchObject({ jobs: [{ job_id: job.job_id }] });
  expect(await client.readMetrics()).toMatch(/# EOF\n$/u);
  expect(await client.deleteBackup(made)).toMatchObject({ removed: [id] });
  expect(await client.listBackups()).toEqual({ backups: [] });
});

it('tells refusals as the server does', async () => {
  const client = clientOf(await service.start());
  await expect(client.showBackup({ backup_id: 'none' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(client.startBackup({ vm_name: 'nobody', repository: 'main' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
    retry: 'never',
    context: { status: 404 },
  });
  await expect(client.listCloudstackMachines()).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    remedy: 'use another connector',
    operation: 'open-cloudstack',
  });
});

it('tells a server that has gone', async () => {
  const server = await service.start();
  const client = clientOf(server);
  await client.checkHealth();
  await server.close();
  await expect(client.listJobs()).rejects.toMatchObject({ code: 'CONNECTION_LOST', retry: 'later' });
});
