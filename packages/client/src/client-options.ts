import { SendenseError } from '@sendense/core';
import { z } from 'zod';
import { timeoutSchema } from './http/client-call.ts';
import type { Fetch } from './http/fetch.ts';

const optionsSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/u }),
  token: z.string().min(1).optional(),
  getToken: z.custom<(call: { readonly signal: AbortSignal }) => Promise<string>>(isFunction).optional(),
  caPem: z.string().min(1).optional(),
  fetch: z.custom<Fetch>(isFunction).optional(),
  timeoutMs: timeoutSchema.default(60_000),
  reconnect: z
    .strictObject({
      delayMs: z.int().nonnegative().default(1000),
      giveUpMs: z.int().nonnegative().default(300_000),
    })
    .prefault({}),
});

/** Options of {@link createClient}. */
export type ClientOptions = {
  /** Where the server listens, e.g. `https://backup.example:8443`; a path before `/api` is kept. */
  readonly url: string;
  /** An API token of the server. Default: none, for a server without access on this machine. */
  readonly token?: string | undefined;
  /** Asked for the token of every request, e.g. of an OIDC issuer; instead of `token`. */
  readonly getToken?: ((call: { readonly signal: AbortSignal }) => Promise<string>) | undefined;
  /** The authorities that a server's certificate is trusted from, in PEM, instead of those of Node. Not together with `fetch`. */
  readonly caPem?: string | undefined;
  /** Instead of Node's own, e.g. through a proxy. */
  readonly fetch?: Fetch | undefined;
  /**
   * How long an answer may take; of a stream, how long each piece may. Default 60 000. Events come every 15 s at least, so less than that
   * ends those of a quiet job again and again.
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Of events and downloads that broke off: the first pause before the next attempt (1000), of which each is up to half as long again, and
   * how long attempts go on without news (300 000).
   */
  readonly reconnect?:
    | { readonly delayMs?: number | undefined; readonly giveUpMs?: number | undefined }
    | undefined;
};

/** The same with defaults. */
export type ResolvedOptions = z.output<typeof optionsSchema>;

/** Throws `CONFIG_INVALID`, without the token in its text. */
export function checkOptions(options: ClientOptions): ResolvedOptions {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw wrong(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong'}`);
  }
  const { url, token, getToken, caPem, fetch } = parsed.data;
  if (token !== undefined && getToken !== undefined) throw wrong('token and getToken exclude each other');
  if (caPem !== undefined && fetch !== undefined) throw wrong('caPem and fetch exclude each other');
  if (/[?#]/u.test(url)) throw wrong('url: ends with its path; ? and # have no place in it');
  const { protocol, hostname, username, password } = new URL(url);
  if (username !== '' || password !== '') throw wrong('url: holds a name or password; use token');
  const isSecret = token !== undefined || getToken !== undefined;
  if (isSecret && protocol === 'http:' && !isLoopback(hostname))
    throw wrong('url: a token goes to another machine by https only');
  return parsed.data;
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/u.test(hostname);
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function wrong(message: string): SendenseError {
  return new SendenseError('CONFIG_INVALID', `options of the client: ${message}`, {
    operation: 'create-client',
  });
}
