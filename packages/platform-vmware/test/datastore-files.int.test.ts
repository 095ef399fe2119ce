import { readFile } from 'node:fs/promises';
import type { OutgoingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { startTestVcenter, type TestVcenter } from '@sendense/tests/vmware';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeRequest } from '../src/soap/envelope.ts';

type Answer = { readonly status: number | undefined; readonly cookie: string; readonly body: Buffer };

/** What `source-vmware` will read; the client has no such call yet, so the test speaks for itself. */
describeWithPeers(['test-vcenter'], 'files of the datastore of the test vCenter', () => {
  let server: TestVcenter;
  let ca: Buffer;
  let cookie: string;
  beforeAll(async () => {
    server = await startTestVcenter({ machines: 0 });
    ca = await readFile(server.caFile);
    const login = encodeRequest('Login', { type: 'SessionManager', id: 'SessionManager' }, [
      ['userName', server.user],
      ['password', server.password],
    ]);
    cookie = (await send('/sdk', { soapaction: '"urn:vim25/8.0"' }, login)).cookie;
  });
  afterAll(() => server[Symbol.asyncDispose]());

  async function send(path: string, headers: OutgoingHttpHeaders, body?: string): Promise<Answer> {
    const done = Promise.withResolvers<Answer>();
    const options = { ca, headers, method: body === undefined ? 'GET' : 'POST' };
    const sent = request(new URL(path, server.url), options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const given = response.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
        done.resolve({ status: response.statusCode, cookie: given, body: Buffer.concat(chunks) });
      });
    });
    sent.once('error', done.reject);
    sent.end(body);
    return done.promise;
  }

  const FILE = '/folder/app-1/app-1_1-flat.vmdk?dcPath=DC0&dsName=LocalDS_0';

  it('are given to a session only', async () => {
    expect((await send(FILE, {})).status).toBe(401);
    expect((await send(FILE, { cookie: 'vmware_soap_session=guessed' })).status).toBe(401);
    expect((await send(FILE, { cookie, range: 'bytes=0-511' })).status).toBe(206);
  });

  it('hold the bytes of the disk, whole and by range', async () => {
    const file = await readFile(join(server.datastoreDir, 'app-1', 'app-1_1-flat.vmdk'));
    expect(file.length).toBe(2 * 2 ** 20);
    expect(file.subarray(0, 65_536).every((byte) => byte === 0)).toBe(false);
    expect((await send(FILE, { cookie })).body.equals(file)).toBe(true);
    const part = await send(FILE, { cookie, range: 'bytes=65000-66999' });
    expect(part.body.equals(file.subarray(65_000, 67_000))).toBe(true);
  });
});
