import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { Provider } from 'oidc-provider';

/** What tokens for the server under test have in `aud`. */
export const AUDIENCE = 'https://backup.example/api';
const CLIENT = { client_id: 'night-shift', client_secret: 'only-for-the-tests-of-this-package' };

type Keys = Awaited<ReturnType<typeof generateKeyPair>> & {
  readonly kid: string;
  readonly jwk: Readonly<Record<string, unknown>>;
};

/** An OpenID provider (npm `oidc-provider`) on loopback, whose keys can be changed. */
export class TestIssuer implements AsyncDisposable {
  readonly url: string;
  /** Paths that were asked for. */
  readonly asked: string[] = [];
  /** Who answers a path instead of the provider; `undefined`: the provider does. */
  instead: (path: string) => RequestListener | undefined = () => undefined;
  readonly #server: Server;
  #keys: Keys;
  #answer: RequestListener;

  private constructor(server: Server, keys: Keys) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#server = server;
    this.#keys = keys;
    this.#answer = makeProvider(this.url, keys.jwk);
    server.on('request', (request, response) => {
      const { url: path = '' } = request;
      this.asked.push(path);
      (this.instead(path) ?? this.#answer)(request, response);
    });
  }

  static async start(): Promise<TestIssuer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new TestIssuer(server, await makeKeys());
  }

  /** From now on the provider has only a new key. */
  async rotateKeys(): Promise<void> {
    this.#keys = await makeKeys();
    this.#answer = makeProvider(this.url, this.#keys.jwk);
  }

  /** A token as the provider gives it for its client's credentials (RFC 6749, 4.4; RFC 8707). */
  async token(resource: string = AUDIENCE): Promise<string> {
    const response = await fetch(`${this.url}/token`, {
      method: 'POST',
      body: new URLSearchParams({ ...CLIENT, grant_type: 'client_credentials', resource }),
    });
    const body = (await response.json()) as { access_token?: string };
    if (body.access_token === undefined) throw new Error(`no token: ${JSON.stringify(body)}`);
    return body.access_token;
  }

  /** A token signed by the provider's key, with `claims` instead of the right ones. */
  signed(
    claims: { readonly [claim: string]: unknown },
    options: { readonly kid?: string; readonly typ?: string } = {},
  ): Promise<string> {
    return new SignJWT({ ...this.#claims(), ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: this.#keys.kid, typ: 'at+jwt', ...options })
      .sign(this.#keys.privateKey);
  }

  /** A token that nobody signed. */
  unsigned(): string {
    return new UnsecuredJWT(this.#claims()).encode();
  }

  /** A token signed with the text of the public key as if that were a shared secret. */
  async signedWithPublicKey(): Promise<string> {
    const secret = new TextEncoder().encode(await exportSPKI(this.#keys.publicKey));
    return new SignJWT(this.#claims())
      .setProtectedHeader({ alg: 'HS256', kid: this.#keys.kid, typ: 'at+jwt' })
      .sign(secret);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #claims(): JWTPayload {
    const now = Math.floor(Date.now() / 1000);
    const { client_id: sub } = CLIENT;
    return {
      iss: this.url,
      aud: AUDIENCE,
      sub,
      iat: now,
      exp: now + 3600,
      roles: ['backup'],
      tenant: 'acme',
    };
  }
}

async function makeKeys(): Promise<Keys> {
  const pair = await generateKeyPair('RS256', { extractable: true });
  const kid = randomUUID();
  return { ...pair, kid, jwk: { ...(await exportJWK(pair.privateKey)), kid, alg: 'RS256', use: 'sig' } };
}

/** Client credentials leave nothing to keep: their tokens are read by whoever gets them. */
const KEEPS_NOTHING = {
  upsert: () => Promise.resolve(),
  find: () => Promise.resolve(undefined),
  findByUserCode: () => Promise.resolve(undefined),
  findByUid: () => Promise.resolve(undefined),
  consume: () => Promise.resolve(),
  destroy: () => Promise.resolve(),
  revokeByGrantId: () => Promise.resolve(),
};

function makeProvider(url: string, key: Keys['jwk']): RequestListener {
  const provider = new Provider(url, {
    adapter: () => KEEPS_NOTHING,
    jwks: { keys: [key] },
    clients: [
      {
        ...CLIENT,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => ({
          scope: '',
          audience: resource,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 3600,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    ttl: { ClientCredentials: 3600 },
    extraTokenClaims: () => ({ roles: ['backup'], tenant: 'acme' }),
  });
  const answer = provider.callback();
  return (request, response) => void answer(request, response);
}
