import type { JobView } from '@sendense/api';
import type { SendenseServer } from '../../src/index.ts';

/** An answer of the API. */
export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  /** Tests compare what they get. */
  readonly body: ReturnType<typeof JSON.parse>;
};

/** Asks a server. */
export async function ask(
  { url }: Pick<SendenseServer, 'url'>,
  method: string,
  path: string,
  { body, headers = {} }: { readonly body?: unknown; readonly headers?: Record<string, string> } = {},
): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

/** A server-sent event. */
export type Event = { readonly id?: number; readonly event: string; readonly data: unknown };

/** The events of a job until its stream ends. */
export async function follow(
  { url }: Pick<SendenseServer, 'url'>,
  job: string,
  headers: Record<string, string> = {},
): Promise<Event[]> {
  const response = await fetch(`${url}/api/v1/jobs/${job}/events`, { headers });
  return parseEvents(await response.text());
}

/** Reads a stream of events as the standard says. */
export function parseEvents(text: string): Event[] {
  return text
    .split('\n\n')
    .filter((block) => block.includes('data:'))
    .map((block) => {
      const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)));
      const { id, event, data } = fields as Record<string, string>;
      return {
        event: event ?? '',
        data: JSON.parse(data ?? ''),
        ...(id === undefined ? {} : { id: Number(id) }),
      };
    });
}

/** Starts a job and waits until it has ended. */
export async function runJob(server: SendenseServer, path: string, body: unknown): Promise<JobView> {
  const started = await ask(server, 'POST', path, { body });
  if (started.status !== 202) throw new Error(`no job: ${JSON.stringify(started.body)}`);
  const { job_id: id } = started.body as JobView;
  await follow(server, id);
  return (await ask(server, 'GET', `/api/v1/jobs/${id}`)).body as JobView;
}
