import { connectNbd, openNbdReader, openNbdWriter } from '@sendense/blockio-nbd/client';
import {
  Command,
  CommandFlag,
  ExportFlag,
  encodeSimpleReply,
  NbdErrno,
} from '@sendense/blockio-nbd/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type Answer,
  type Script,
  type ScriptedServer,
  startScriptedServer,
  succeed,
} from './support/scripted-server.ts';

let server: ScriptedServer;
const start = async (script: Script) => {
  server = await startScriptedServer(script);
  return { address: server.address, export: 'disk' };
};
afterEach(() => server[Symbol.asyncDispose]());

const writable = ExportFlag.hasFlags | ExportFlag.flush;
const reads: Answer = ({ cookie, length, command }, _, socket) => {
  socket.write(encodeSimpleReply({ cookie, errno: 0 }));
  if (command === Command.read) socket.write(new Uint8Array(length).fill(7));
};

describe('readers and writers of an export', () => {
  it('tell where the bytes are only when the caller says that others may read there', async () => {
    const at = await start({ answer: reads });
    await using disk = await connectNbd(at);
    expect('locate' in openNbdReader(disk)).toBe(false);
    const endpoint = { kind: 'nbd', ...at } as const;
    const reader = openNbdReader(disk, { endpoint });
    const found = [];
    for await (const range of reader.locate?.({ offset: 512, length: 1024 }) ?? []) found.push(range);
    expect(found).toEqual([{ offset: 512, length: 1024, at: { endpoint, offset: 512 } }]);
    expect(await openNbdWriter(disk, { endpoint }).endpoint?.()).toEqual(endpoint);
  });

  it('refuse to write what is read-only', async () => {
    const at = await start({ answer: reads, flags: writable | ExportFlag.readOnly });
    await using disk = await connectNbd(at);
    expect(() => openNbdWriter(disk)).toThrow(expect.objectContaining({ code: 'READ_ONLY' }));
  });

  it('write durably one by one where the server cannot flush', async () => {
    const at = await start({ answer: succeed, flags: ExportFlag.hasFlags | ExportFlag.fua });
    await using disk = await connectNbd(at);
    const writer = openNbdWriter(disk);
    await writer.write(0, new Uint8Array(512));
    await writer.flush();
    expect(server.requests.map(({ flags }) => flags)).toEqual([CommandFlag.fua]);
  });

  it('reject everything after one failed write, for nobody knows what of it was written', async () => {
    let full = true;
    const at = await start({
      flags: writable,
      answer: ({ cookie }, _, socket) =>
        socket.write(encodeSimpleReply({ cookie, errno: full ? NbdErrno.ENOSPC : 0 })),
    });
    await using disk = await connectNbd(at);
    const writer = openNbdWriter(disk);
    await expect(writer.write(1024, new Uint8Array(512))).rejects.toMatchObject({
      code: 'NO_SPACE',
      context: { errno: NbdErrno.ENOSPC, offset: 1024, length: 512 },
    });
    full = false;
    await expect(writer.write(0, new Uint8Array(512))).rejects.toMatchObject({ code: 'NOT_OPEN' });
    await expect(writer.flush()).rejects.toMatchObject({ code: 'NOT_OPEN' });
  });
});
