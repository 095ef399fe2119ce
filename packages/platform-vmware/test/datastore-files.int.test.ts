import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { textOf } from '@sendense/plugin-kit/xml';
import { describeWithPeers } from '@sendense/tests/peers';
import { startTestVcenter, type TestVcenter } from '@sendense/tests/vmware';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  connectVim,
  createDatastoreFiles,
  type DatastoreFile,
  describeMachine,
  listMachines,
  parseDatastorePath,
  readDatastore,
  readProperties,
  type VimClient,
  type VimOptions,
} from '../src/index.ts';
import { optionsOf } from './support/test-client.ts';

describeWithPeers(['test-vcenter'], 'files of the datastore of the test vCenter', () => {
  let server: TestVcenter;
  let options: VimOptions;
  let client: VimClient;
  beforeAll(async () => {
    server = await startTestVcenter({ machines: 0 });
    options = await optionsOf(server);
    client = await connectVim(options);
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  /** The file of the second disk of the machine `app-1`. */
  async function fileOf(): Promise<DatastoreFile> {
    const app = (await listMachines(client)).find(({ name }) => name === 'app-1');
    const { machine } = await describeMachine(client, app?.object ?? { type: 'VirtualMachine', id: '' });
    const disk = machine.disks.find(({ sizeBytes }) => sizeBytes === 2 * 2 ** 20);
    const datastore = await readDatastore(client, disk?.datastore ?? { type: 'Datastore', id: '' });
    expect(datastore).toMatchObject({ name: 'LocalDS_0', datacenter: 'DC0', accessible: true });
    const { path } = parseDatastorePath(disk?.fileName ?? '');
    return {
      datastore: datastore.name,
      datacenter: datastore.datacenter,
      path: path.replace(/\.vmdk$/, '-flat.vmdk'),
    };
  }

  const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

  it('hold the bytes of the disk, in parts and whole, many at once', async () => {
    const file = await fileOf();
    const wanted = await readFile(join(server.datastoreDir, file.path));
    expect(wanted.subarray(0, 65_536).every((byte) => byte === 0)).toBe(false);
    const files = createDatastoreFiles(client);
    expect(await files.size(file)).toBe(wanted.length);
    const whole = new Uint8Array(wanted.length);
    const step = 150_000;
    const starts = Array.from({ length: Math.ceil(whole.length / step) }, (_, index) => index * step);
    await Promise.all(starts.map((start) => files.read(file, start, whole.subarray(start, start + step))));
    expect(digest(whole)).toBe(digest(wanted));
  });

  it('are read on when the session is ended meanwhile', async () => {
    const file = await fileOf();
    const { sessionManager } = client.content;
    const [found] = await readProperties(client, [sessionManager], {
      type: 'SessionManager',
      paths: ['currentSession'],
    });
    await using other = await connectVim(options);
    const key = textOf(found?.values.get('currentSession'), 'key') ?? '';
    await other.invoke('TerminateSession', other.content.sessionManager, [['sessionId', [key]]]);
    const into = new Uint8Array(512);
    await createDatastoreFiles(client).read(file, 0, into);
    expect(into.every((byte) => byte === 0)).toBe(false);
  });

  it('are told apart from those that are not there, and from those that end before', async () => {
    const file = await fileOf();
    const files = createDatastoreFiles(client);
    const gone = files.read({ ...file, path: 'app-1/gone-flat.vmdk' }, 0, new Uint8Array(1));
    await expect(gone).rejects.toMatchObject({ code: 'NOT_FOUND' });
    for (const offset of [2 * 2 ** 20 - 100, 2 * 2 ** 20])
      await expect(files.read(file, offset, new Uint8Array(512))).rejects.toMatchObject({ code: 'CORRUPT' });
  });
});
