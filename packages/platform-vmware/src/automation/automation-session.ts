import { type Call, type Secret, SendenseError } from '@sendense/core';
import type { SoapSender } from '../http/soap-channel.ts';
import {
  type AutomationPaths,
  type AutomationRequest,
  addressOf,
  bodyOf,
  likelyPaths,
  SESSION_PATHS,
  valueIn,
} from './automation-paths.ts';
import { mapAutomationStatus } from './map-automation-status.ts';

/** Sends a request and resolves with its value; `undefined` where it has none. Rejects as `VimClient.inAutomation` says. */
export type AutomationAsk = (request: AutomationRequest, call?: Call) => Promise<unknown>;

/** A server that has an automation API, and who asks. */
export type AutomationServer = {
  readonly channel: Pick<SoapSender, 'sendJson'>;
  readonly host: string;
  readonly user: string;
  readonly password: Secret;
  /** As the SOAP API tells it. */
  readonly apiVersion: string;
  readonly redact: (text: string) => string;
};

type Opened = { readonly paths: AutomationPaths; readonly key: string };

/** Header of a session. */
const SESSION_HEADER = 'vmware-api-session-id';

const OPEN = 'automation-login';

/** Logging out must not keep a program that ends waiting for a server that is gone. */
const LOGOUT_MS = 5_000;

/** Runs requests in a session that is made for them and removed at the end, however that is. */
export async function inAutomationSession<T>(
  server: AutomationServer,
  run: (ask: AutomationAsk) => Promise<T>,
  call?: Call,
): Promise<T> {
  const opened = await open(server, call);
  try {
    return await run((request, own = call) => ask(server, opened, request, own));
  } finally {
    await close(server, opened);
  }
}

/** Looks where the API is: what is not there is 404. */
async function open(server: AutomationServer, call: Call | undefined): Promise<Opened> {
  const { channel, user, password, apiVersion } = server;
  const account = Buffer.from(`${user}:${password.reveal()}`, 'utf8').toString('base64');
  const told = alsoRedacting(server, account);
  const headers = { authorization: `Basic ${account}` };
  for (const paths of likelyPaths(apiVersion)) {
    const path = SESSION_PATHS[paths];
    const message = { method: 'POST', path, operation: OPEN, headers, body: undefined } as const;
    const { status, text } = await channel.sendJson(message, call);
    if (status === 404) continue;
    if (status !== 200 && status !== 201) throw failed(told, status, text, OPEN, path);
    const key = parse(server, paths, text, path);
    if (typeof key === 'string' && /^[\x21-\x7e]{1,1024}$/.test(key)) return { paths, key };
    throw unreadable(server, path);
  }
  throw new SendenseError('UNSUPPORTED', `${server.host} has no automation API`, {
    operation: OPEN,
    remedy: 'use a vCenter that is not older than 6.5; check that no proxy keeps /api and /rest from it',
  });
}

async function ask(
  server: AutomationServer,
  { paths, key }: Opened,
  request: AutomationRequest,
  call: Call | undefined,
): Promise<unknown> {
  const { method, of: collection, action } = request;
  const subject = action === undefined ? collection : `${collection} ${action}`;
  const operation = `automation-${action ?? 'get'}`;
  const path = addressOf(paths, request);
  const headers = { [SESSION_HEADER]: key };
  const message = { method, path, operation, headers, body: bodyOf(paths, request) };
  const { status, text } = await server.channel.sendJson(message, call);
  if (status < 200 || status >= 300)
    throw failed(alsoRedacting(server, key), status, text, operation, subject);
  return parse(server, paths, text, subject);
}

/** A session that cannot be removed ends by itself. */
async function close({ channel }: AutomationServer, { paths, key }: Opened): Promise<void> {
  const path = SESSION_PATHS[paths];
  const headers = { [SESSION_HEADER]: key };
  const message = {
    method: 'DELETE',
    path,
    operation: 'automation-logout',
    headers,
    body: undefined,
  } as const;
  await channel.sendJson(message, { signal: AbortSignal.timeout(LOGOUT_MS) }).catch(() => undefined);
}

/** A server whose errors may repeat what was sent to it. */
function alsoRedacting(server: AutomationServer, secret: string): AutomationServer {
  return { ...server, redact: (text) => server.redact(text).replaceAll(secret, '[redacted]') };
}

function parse(server: AutomationServer, paths: AutomationPaths, text: string, subject: string): unknown {
  try {
    return valueIn(paths, text);
  } catch {
    throw unreadable(server, subject);
  }
}

function failed(
  { host, redact }: AutomationServer,
  status: number,
  text: string,
  operation: string,
  subject: string,
): SendenseError {
  return mapAutomationStatus({ status, text, operation, host, subject, redact });
}

function unreadable({ host }: AutomationServer, subject: string): SendenseError {
  return new SendenseError('PROTOCOL_VIOLATION', `${host} answers ${subject} with something else`, {
    operation: 'automation-decode',
    effect: 'unknown',
    remedy: 'check the address, and that no proxy answers in the place of vCenter',
  });
}
