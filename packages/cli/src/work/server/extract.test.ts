import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SendenseClient } from '@sendense/client';
import { type ErrorCode, SendenseError } from '@sendense/core';
import { expect, it } from 'vitest';
import type { Session } from '../../session/session.ts';
import type { Desk } from './desk.ts';
import { extract } from './extract.ts';

/** What a list of `/etc` fails with, by what it is. */
const LISTED = { file: 'CONFIG_INVALID', folder: undefined, damaged: 'CORRUPT' } as const;
const failure = (code: ErrorCode) => new SendenseError(code, 'no', { operation: 'x' });

/** A made-up server of which `/etc` is taken out; the names of what it was asked for, each the content of what it sent. */
function serverWith(type: keyof typeof LISTED, unmount = async () => ({ findings: [] })) {
  const asked: string[] = [];
  const send = (name: string, etag: string | null) => {
    asked.push(name);
    return { etag, sizeBytes: null, stream: new Blob([name]).stream() };
  };
  const client = {
    mountBackup: async () => ({ mount_id: 'm', backup_id: 'p', findings: [] }),
    unmountBackup: unmount,
    listFiles: async () => {
      asked.push('list');
      const code = LISTED[type];
      if (code !== undefined) throw failure(code);
      return {};
    },
    files: {
      download: async () => send('download', type === 'file' ? 'tag' : null),
      archive: async () => send('archive', null),
    },
  } as unknown as SendenseClient;
  return { client, asked };
}

/** Takes `/etc` out to a file of a new folder: what came of it, and the content of the file. */
async function takeOut({ client }: { readonly client: SendenseClient }, output: string) {
  const folder = await mkdtemp(join(tmpdir(), 'sendense-extract-'));
  const host = { workingDirectory: folder };
  const session = { host, call: {}, log: () => undefined } as unknown as Session;
  try {
    const options = { backupId: 'p', file: '/etc', output };
    const { read, isDamaged } = await extract({ client, session } as Desk, options);
    const content = await readFile(join(folder, output), 'utf8');
    return { format: read.format, codes: read.findings.map(({ code }) => code), isDamaged, content };
  } finally {
    await rm(folder, { recursive: true });
  }
}

it.each([
  ['folder', 'etc.zip', 'zip', ['list', 'archive']],
  ['damaged', 'etc.ZIP', 'zip', ['list', 'archive']],
  ['file', 'etc.zip', 'file', ['list', 'download']],
  ['folder', 'etc.tar', 'tar', ['download']],
  ['file', 'etc', 'file', ['download']],
] as const)('begins no more than one archive: of a %s to %s', async (type, output, format, asked) => {
  const server = serverWith(type);
  expect(await takeOut(server, output)).toMatchObject({ format, content: asked.at(-1), isDamaged: false });
  expect(server.asked).toEqual(asked);
});

it('keeps what came where the mount cannot be ended; of an archive nobody knows whether it is whole', async () => {
  const unmount = () => Promise.reject(failure('CONNECTION_LOST'));
  expect(await takeOut(serverWith('file', unmount), 'etc')).toMatchObject({ codes: [], isDamaged: false });
  expect(await takeOut(serverWith('folder', unmount), 'etc.tar')).toMatchObject({
    codes: ['left-unknown'],
    isDamaged: true,
  });
});
