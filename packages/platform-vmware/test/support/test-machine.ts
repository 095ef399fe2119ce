import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { startTestVcenter, type TestVcenter, type TestVcenterOptions } from '@sendense/tests/vmware';
import {
  connectVim,
  createSnapshot,
  listMachines,
  type ManagedObject,
  runTask,
  setChangeTracking,
  type VimClient,
} from '../../src/index.ts';
import { encodeRequest } from '../../src/soap/envelope.ts';
import { optionsOf } from './test-client.ts';

/** The reply to a request for a file. */
export type FileReply = { readonly status: number | undefined; readonly body: Buffer };

/** A file to ask for. */
export type FileRequest = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  /** `content-type` of the body. */
  readonly type?: string;
};

/** A disk as the test vCenter tells it beside the API. */
export type GuestDisk = {
  readonly key: number;
  readonly fileName: string;
  readonly guestFile: string;
  readonly capacityBytes: number;
  readonly changeId: string;
  readonly layers: number;
};

type Started = {
  readonly server: TestVcenter;
  readonly client: VimClient;
  readonly object: ManagedObject;
  readonly ca: Buffer;
  readonly cookie: string;
};

/** The machine `app-1` of a test vCenter of its own, whose first disk is of 1 MiB, and what tests do with it. */
export class TestMachine implements AsyncDisposable {
  readonly server: TestVcenter;
  readonly client: VimClient;
  readonly object: ManagedObject;
  readonly #ca: Buffer;
  readonly #cookie: string;

  private constructor({ server, client, object, ca, cookie }: Started) {
    this.server = server;
    this.client = client;
    this.object = object;
    this.#ca = ca;
    this.#cookie = cookie;
  }

  static async start(options: TestVcenterOptions = { machines: 0 }): Promise<TestMachine> {
    const server = await startTestVcenter(options);
    const client = await connectVim(await optionsOf(server));
    const found = (await listMachines(client)).find(({ name }) => name === 'app-1');
    if (found === undefined) throw new Error('the test vCenter has no machine app-1');
    const ca = await readFile(server.caFile);
    const cookie = await logIn(server, ca);
    return new TestMachine({ server, client, object: found.object, ca, cookie });
  }

  /** Asks for an address of the server, with a session unless there are other headers. */
  async fetch(path: string, { method = 'GET', headers, body, type }: FileRequest = {}): Promise<FileReply> {
    const sent = headers ?? { cookie: this.#cookie };
    const answer = await send(new URL(path, this.server.url), this.#ca, {
      method,
      headers: type === undefined ? sent : { ...sent, 'content-type': type },
      body,
    });
    return { status: answer.status, body: answer.body };
  }

  /** Where a file of the machine is served. */
  folderPath(file: string): string {
    return `/folder/${file}?dcPath=DC0&dsName=LocalDS_0`;
  }

  /** Bytes of a file of the datastore. */
  file(path: string): Promise<Buffer> {
    return readFile(`${this.server.datastoreDir}/${path}`);
  }

  /** Its first disk. */
  async disk(): Promise<GuestDisk> {
    const [first] = await this.server.control<readonly GuestDisk[]>('disks', { machine: 'app-1' });
    if (first === undefined) throw new Error('app-1 has no disk');
    return first;
  }

  /** Writes seeded bytes to the first disk, as the guest would. */
  async write(offsetBytes: number, length: number): Promise<void> {
    const seed = `${offsetBytes}+${length} at ${(await this.disk()).layers}`;
    await this.server.control('guest-write', { machine: 'app-1', offsetBytes, seed, length });
  }

  snapshot(name: string): Promise<ManagedObject> {
    return createSnapshot(this.client, this.object, { name, description: '', quiesce: false });
  }

  power(state: 'On' | 'Off'): Promise<unknown> {
    return runTask(this.client, `Power${state}VM_Task`, this.object, []);
  }

  track(enabled = true): Promise<void> {
    return setChangeTracking(this.client, this.object, enabled);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}

type Sent = { readonly status: number | undefined; readonly cookie: string; readonly body: Buffer };

/** A session beside that of the client, whose cookie the client does not tell. */
async function logIn(server: TestVcenter, ca: Buffer): Promise<string> {
  const login = encodeRequest('Login', { type: 'SessionManager', id: 'SessionManager' }, [
    ['userName', server.user],
    ['password', server.password],
  ]);
  const headers = { soapaction: '"urn:vim25/8.0"' };
  const url = new URL('/sdk', server.url);
  return (await send(url, ca, { method: 'POST', headers, body: Buffer.from(login) })).cookie;
}

function send(url: URL, ca: Buffer, { method, headers, body }: FileRequest): Promise<Sent> {
  const done = Promise.withResolvers<Sent>();
  const sent = request(url, { ca, method, headers, agent: false }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.once('error', done.reject);
    response.once('end', () => {
      const cookie = response.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
      done.resolve({ status: response.statusCode, cookie, body: Buffer.concat(chunks) });
    });
  });
  sent.once('error', done.reject);
  sent.end(body);
  return done.promise;
}
