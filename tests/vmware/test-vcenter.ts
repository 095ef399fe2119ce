import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { peerEnvironment, readPeers } from '../peer-list.ts';

/** A running test vCenter on the loopback. Disposing stops it and removes its files. */
export interface TestVcenter extends AsyncDisposable {
  /** `https://127.0.0.1:PORT` */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** PEM of its certificate. */
  readonly caFile: string;
  /** SHA-256 of its certificate. */
  readonly thumbprint: string;
  /** Folder of the files of its first datastore. */
  readonly datastoreDir: string;
  /** Where its verbs are asked for, over plain HTTP. */
  readonly controlUrl: string;
  /** Asks for a verb of `tools/test-vcenter/README.md`, such as a write of the guest. */
  readonly control: <Reply = null>(verb: string, request?: object) => Promise<Reply>;
}

/** What it shall be. */
export type TestVcenterOptions = {
  /** A host on its own instead of a vCenter. */
  readonly esx?: boolean;
  /** Machines in each of its resource pools; default 2. */
  readonly machines?: number;
  /** Files of a certificate to show; without it one is made. */
  readonly certificate?: { readonly certificateFile: string; readonly keyFile: string };
};

/** Its first line. */
type Told = Omit<TestVcenter, 'control' | typeof Symbol.asyncDispose>;

async function ask<Reply>(url: string, request: object): Promise<Reply> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(request) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${text}`);
  return JSON.parse(text) as Reply;
}

/** Starts the peer `test-vcenter`, which lives until its standard input closes. */
export async function startTestVcenter(options: TestVcenterOptions = {}): Promise<TestVcenter> {
  const peer = readPeers().find(({ name }) => name === 'test-vcenter');
  if (peer === undefined) throw new TypeError('"test-vcenter" is not a peer of tests/peers.json');
  const folder = await mkdtemp(join(tmpdir(), 'sendense-test-vcenter-'));
  const args = ['-folder', folder, ...argumentsOf(options)];
  const child = execa('test-vcenter', args, {
    env: peerEnvironment(peer),
    extendEnv: false,
    stdin: 'pipe',
    reject: false,
    buffer: { stdout: false },
  });
  const stop = async (): Promise<void> => {
    child.stdin.end();
    await child;
    await rm(folder, { recursive: true, force: true });
  };
  const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  if (typeof value === 'string') {
    const told = JSON.parse(value) as Told;
    return {
      ...told,
      control: (verb, request = {}) => ask(`${told.controlUrl}/${verb}`, request),
      [Symbol.asyncDispose]: stop,
    };
  }
  await stop();
  throw new Error(`test-vcenter ended: ${(await child).stderr}`);
}

function argumentsOf({ esx = false, machines, certificate }: TestVcenterOptions): string[] {
  return [
    ...(esx ? ['-esx'] : []),
    ...(machines === undefined ? [] : ['-machines', `${machines}`]),
    ...(certificate === undefined
      ? []
      : ['-certificate', certificate.certificateFile, '-key', certificate.keyFile]),
  ];
}
