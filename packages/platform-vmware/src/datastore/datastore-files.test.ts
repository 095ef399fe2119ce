import { describe, expect, it } from 'vitest';
import { scripted } from '../../test/support/scripted-session.ts';
import type { RangeAnswer, RangeMessage } from '../http/fetch-range.ts';
import { createDatastoreFiles, type DatastoreFile } from './datastore-files.ts';
import { parseDatastorePath } from './datastore-path.ts';

const FILE: DatastoreFile = {
  datastore: 'fast & new',
  path: 'web 1/web 1-flat.vmdk',
  datacenter: 'Nord/DC%2f1',
};

/** Files whose server answers with each of `statuses` in turn, and then with bytes. */
async function opened(statuses: readonly number[], fileBytes?: number) {
  const left = [...statuses];
  const asked: RangeMessage[] = [];
  const waits: number[] = [];
  const answer = (message: RangeMessage): RangeAnswer => {
    asked.push(message);
    const status = left.shift() ?? 206;
    if (status === 206) message.into.fill(7);
    return { status, fileBytes, retryAfterMs: status === 503 ? 3000 : undefined };
  };
  const { session, methods } = scripted({}, {}, answer);
  await session.open();
  const timer = {
    monotonicMs: () => 0,
    sleep: async (ms: number) => {
      waits.push(ms);
    },
  };
  return { files: createDatastoreFiles(session, { timer, attempts: 3 }), asked, waits, methods };
}

describe('files of a datastore', () => {
  it('are asked for by names that are encoded, with the datacenter by its way from the top', async () => {
    const { files, asked } = await opened([]);
    const into = new Uint8Array(4);
    await files.read(FILE, 512, into);
    expect(into).toEqual(new Uint8Array(4).fill(7));
    expect(asked[0]).toMatchObject({
      path: '/folder/web%201/web%201-flat.vmdk?dcPath=Nord%2FDC%252f1&dsName=fast%20%26%20new',
      name: '[fast & new] web 1/web 1-flat.vmdk',
      offset: 512,
      cookie: 'vmware_soap_session=1',
    });
    await files.read({ ...FILE, datacenter: '' }, 0, into);
    expect(asked[1]?.path).toBe('/folder/web%201/web%201-flat.vmdk?dsName=fast%20%26%20new');
  });

  it('are read in a new session when the old one has ended', async () => {
    const { files, asked, methods } = await opened([401]);
    await files.read(FILE, 0, new Uint8Array(4));
    expect(asked.map(({ cookie }) => cookie)).toEqual(['vmware_soap_session=1', 'vmware_soap_session=2']);
    expect(methods().filter((method) => method === 'Login')).toHaveLength(2);
  });

  it('are asked for again after a while that the server may name, and not for ever', async () => {
    const { files, waits } = await opened([503, 500]);
    await files.read(FILE, 0, new Uint8Array(4));
    expect(waits).toEqual([3000, expect.any(Number)]);
    const never = await opened([500, 500, 500, 500]);
    await expect(never.files.read(FILE, 0, new Uint8Array(4))).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      retry: 'exhausted',
    });
    expect(never.asked).toHaveLength(3);
  });

  it.each([
    [401, 'AUTHENTICATION_FAILED'],
    [403, 'PERMISSION_DENIED'],
    [404, 'NOT_FOUND'],
    [416, 'CORRUPT'],
    [200, 'PROTOCOL_VIOLATION'],
  ])('fail for good when the server answers %i, with what to do', async (status, code) => {
    const { files } = await opened([status, status]);
    await expect(files.read(FILE, 0, new Uint8Array(4))).rejects.toMatchObject({
      code,
      remedy: expect.any(String),
      context: { file: '[fast & new] web 1/web 1-flat.vmdk', httpStatus: status },
    });
  });

  it('have a size, also when they are empty', async () => {
    expect(await (await opened([], 4096)).files.size(FILE)).toBe(4096);
    expect(await (await opened([416], 0)).files.size(FILE)).toBe(0);
    await expect((await opened([])).files.size(FILE)).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' });
  });
});

describe('paths of datastores', () => {
  it('are split into the datastore and the file', () => {
    expect(parseDatastorePath('[a b] c d/e.vmdk')).toEqual({ datastore: 'a b', path: 'c d/e.vmdk' });
  });

  it.each(['', 'a/b.vmdk', '[a] ', '[a] b/../c', '[a] /etc/x', '[a] b//c'])(
    'that lead elsewhere are refused: %j',
    (text) => {
      expect(() => parseDatastorePath(text)).toThrow(expect.objectContaining({ code: 'PROTOCOL_VIOLATION' }));
    },
  );
});
