import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** A certificate with its key, as PEM. */
type KeyPair = { readonly certificatePem: string; readonly keyPem: string };

/**
 * Certificates of one authority, and what is wrong in the usual ways. `folder` holds the server's files under the
 * names that GnuTLS programs expect (`ca-cert.pem`, `server-cert.pem`, `server-key.pem`, `client-cert.pem`, ...).
 */
export type Certificates = {
  readonly folder: string;
  readonly caPem: string;
  /** For `localhost` and 127.0.0.1. */
  readonly server: KeyPair;
  readonly client: KeyPair;
  /** For `elsewhere.example` only. */
  readonly wrongHost: KeyPair & { readonly folder: string };
  /** Ran out yesterday. */
  readonly expired: KeyPair & { readonly folder: string };
  /** Another authority that nobody trusts, and its server and client. */
  readonly stranger: {
    readonly folder: string;
    readonly caPem: string;
    readonly server: KeyPair;
    readonly client: KeyPair;
  };
};

const HERE = 'subjectAltName=DNS:localhost,IP:127.0.0.1';

/** Makes certificates with `openssl` (peer of that name) in folders under `root`. */
export async function makeCertificates(root: string): Promise<Certificates> {
  const [own, other] = [join(root, 'own'), join(root, 'other')];
  const caPem = await makeAuthority(own, 'Test authority');
  const strangerPem = await makeAuthority(other, 'Unknown authority');
  const server = await issue(own, { name: 'server', extension: HERE });
  const client = await issue(own, { name: 'client', extension: 'extendedKeyUsage=clientAuth' });
  const variant = async (name: string, from: Omit<Issue, 'name'>) => {
    const folder = await copyAuthority(own, join(root, name));
    return { folder, ...(await issue(folder, { name: 'server', ...from })) };
  };
  return {
    folder: own,
    caPem,
    server,
    client,
    wrongHost: await variant('wrong-host', { extension: 'subjectAltName=DNS:elsewhere.example' }),
    expired: await variant('expired', { extension: HERE, days: -1 }),
    stranger: {
      folder: other,
      caPem: strangerPem,
      server: await issue(other, { name: 'server', extension: HERE }),
      client: await issue(other, { name: 'client', extension: 'extendedKeyUsage=clientAuth' }),
    },
  };
}

type Issue = { readonly name: 'server' | 'client'; readonly extension: string; readonly days?: number };

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

async function openssl(folder: string, ...args: readonly string[]): Promise<void> {
  await execa('openssl', args, { cwd: folder });
}

async function makeAuthority(folder: string, name: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const out = ['-keyout', 'ca-key.pem', '-out', 'ca-cert.pem'];
  await openssl(folder, 'req', '-x509', ...NEW_KEY, ...out, '-subj', `/CN=${name}`, '-days', '2');
  return readFile(join(folder, 'ca-cert.pem'), 'utf8');
}

async function copyAuthority(from: string, to: string): Promise<string> {
  await mkdir(to, { recursive: true });
  for (const file of ['ca-cert.pem', 'ca-key.pem']) await copyFile(join(from, file), join(to, file));
  return to;
}

async function issue(folder: string, { name, extension, days = 2 }: Issue): Promise<KeyPair> {
  const [key, request, certificate] = [`${name}-key.pem`, `${name}.csr`, `${name}-cert.pem`];
  await openssl(folder, 'req', ...NEW_KEY, '-keyout', key, '-out', request, '-subj', `/CN=${name}`);
  await writeFile(join(folder, `${name}.ext`), `${extension}\n`);
  const authority = ['-CA', 'ca-cert.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial'];
  const lifetime = ['-days', `${days}`, '-extfile', `${name}.ext`];
  await openssl(folder, 'x509', '-req', '-in', request, ...authority, '-out', certificate, ...lifetime);
  return {
    certificatePem: await readFile(join(folder, certificate), 'utf8'),
    keyPem: await readFile(join(folder, key), 'utf8'),
  };
}
