import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectNbd, listNbdExports } from '@sendense/blockio-nbd/client';
import { type NbdServer, type NbdServerOptions, startNbdServer } from '@sendense/blockio-nbd/server';
import { Secret } from '@sendense/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { arrayDisk } from './array-disk.ts';

const MIB = 1024 * 1024;
const filled = (length: number) => new Uint8Array(length).map((_, at) => 1 + (at % 251));

let folder: string;
let server: NbdServer | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-nbd-'));
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  await rm(folder, { recursive: true });
});

async function start(options: NbdServerOptions = {}): Promise<NbdServer> {
  server = await startNbdServer(options);
  return server;
}

const unix = () => ({ kind: 'unix', path: join(folder, 'nbd.sock') }) as const;

describe('a server', () => {
  it.each(['tcp', 'unix'])('serves its exports over %s, each under its name', async (kind) => {
    const { address } = await start(kind === 'unix' ? { address: unix() } : {});
    expect(address).toMatchObject(kind === 'tcp' ? { kind, host: '127.0.0.1' } : { kind });
    server?.addExport('one', { ...arrayDisk(filled(MIB)), description: 'first' });
    server?.addExport('two', { reader: arrayDisk(filled(2 * MIB)).reader });
    expect((await listNbdExports({ address })).map(({ name }) => name)).toEqual(['one', 'two']);
    await using two = await connectNbd({ address, export: 'two' });
    expect([two.sizeBytes, two.readOnly, two.multiConn]).toEqual([2 * MIB, true, true]);
  });

  it('gives several connections one disk, and flushes for all of them', async () => {
    const disk = arrayDisk(new Uint8Array(4 * MIB));
    const { address } = await start();
    server?.addExport('', disk);
    await using client = await connectNbd({ address, export: '', connections: 4 });
    const data = filled(4 * MIB);
    await client.write(0, data);
    await client.flush();
    expect(disk.seen.flushes).toBe(1);
    const read = new Uint8Array(4 * MIB);
    await client.read(0, read);
    expect(Buffer.compare(read, data)).toBe(0);
  });

  it('makes a unix socket that only its owner may use, and removes it when it stops', async () => {
    const running = await start({ address: unix() });
    expect((await stat(unix().path)).mode & 0o777).toBe(0o600);
    await running.stop();
    await expect(stat(unix().path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('adds and removes exports while it runs, and never disposes them', async () => {
    const disk = arrayDisk(filled(MIB));
    const { address } = await start();
    server?.addExport('a', disk);
    expect(() => server?.addExport('a', disk)).toThrow(expect.objectContaining({ code: 'ALREADY_EXISTS' }));
    await using client = await connectNbd({ address, export: 'a' });
    await server?.removeExport('a');
    await expect(client.read(0, new Uint8Array(1))).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await expect(connectNbd({ address, export: 'a' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(server?.removeExport('a')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    server?.addExport('a', disk);
    await using again = await connectNbd({ address, export: 'a' });
    expect([again.sizeBytes, disk.seen.disposed]).toEqual([MIB, 0]);
  });

  it.each(['removeExport', 'stop'] as const)(
    'answers what is under way on %s, and touches nothing after it',
    async (how) => {
      const bytes = new Uint8Array(MIB);
      const disk = arrayDisk(bytes);
      const begun = Promise.withResolvers<void>();
      const go = Promise.withResolvers<void>();
      const write = async (offset: number, data: Uint8Array) => {
        begun.resolve();
        await go.promise;
        await disk.writer.write(offset, data);
      };
      const { address } = await start();
      server?.addExport('a', { ...disk, writer: { ...disk.writer, write } });
      await using client = await connectNbd({ address, export: 'a' });
      const writing = client.write(0, filled(512));
      await begun.promise;
      let over = false;
      const leaving = (how === 'stop' ? server?.stop() : server?.removeExport('a'))?.then(
        () => (over = true),
      );
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(over).toBe(false);
      go.resolve();
      await writing;
      await leaving;
      expect(Buffer.compare(bytes.subarray(0, 512), filled(512))).toBe(0);
    },
  );

  it('stops although a disk answers late, and hangs up on its client in time', async () => {
    const disk = arrayDisk(filled(MIB));
    const { address } = await start({ limits: { stopTimeoutMs: 30 } });
    const begun = Promise.withResolvers<void>();
    server?.addExport('a', {
      reader: {
        ...disk.reader,
        read: (_offset, _into, call) => {
          begun.resolve();
          return new Promise((_, reject) =>
            call?.signal?.addEventListener('abort', () => reject(new Error('cut'))),
          );
        },
      },
    });
    await using client = await connectNbd({ address, export: 'a' });
    const reading = client.read(0, new Uint8Array(512)).catch((error: unknown) => error);
    await begun.promise;
    await server?.stop();
    expect(await reading).toMatchObject({ code: 'CONNECTION_LOST' });
    await expect(connectNbd({ address, export: 'a' })).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect(() => server?.addExport('b', disk)).toThrow(expect.objectContaining({ code: 'NOT_OPEN' }));
  });

  it('hangs up on more clients than it may have', async () => {
    const { address } = await start({ address: unix(), limits: { maxConnections: 1 } });
    server?.addExport('', arrayDisk(filled(MIB)));
    const first = await connectNbd({ address, export: '' });
    await expect(connectNbd({ address, export: '' })).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await first[Symbol.asyncDispose]();
    await expect
      .poll(() => connectNbd({ address, export: '' }).then((one) => one[Symbol.asyncDispose]()))
      .toBeUndefined();
  });

  it('survives clients that come and vanish at every moment', async () => {
    const { address } = await start();
    if (address.kind !== 'tcp') throw new Error('not a TCP server');
    server?.addExport('', arrayDisk(filled(MIB)));
    for (let at = 0; at < 20; at++) {
      const socket = connect(address.port, address.host);
      await once(socket, 'connect');
      if (at % 2 === 0) socket.write(Buffer.alloc(at));
      socket.resetAndDestroy();
    }
    await using client = await connectNbd({ address, export: '' });
    expect(client.sizeBytes).toBe(MIB);
  });
});

describe('options of a server', () => {
  it('let nobody of another machine in without TLS unless that is said', async () => {
    const address = { kind: 'tcp', host: '0.0.0.0', port: 0 } as const;
    await expect(startNbdServer({ address })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      remedy: expect.stringContaining('tls'),
    });
    const open = await start({ address, dangerouslyAllowPlain: true });
    expect(open.address).toMatchObject({ host: '0.0.0.0', port: expect.any(Number) });
  });

  it.each([
    [{ maxPayloadBytes: 1000 }],
    [{ connectionBytes: MIB }],
    [{ serverBytes: MIB }],
    [{ maxConnections: 0 }],
    [{ messageTimeoutMs: Number.NaN }],
    [{ idleTimeoutMs: 2 ** 31 }],
  ])('refuse limits that cannot be: %o', async (limits) => {
    await expect(startNbdServer({ limits })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('refuse certificates that are none', async () => {
    const tls = { certificatePem: 'no', keyPem: new Secret('no') };
    await expect(startNbdServer({ tls })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('tell what is wrong with an address', async () => {
    await start({ address: unix() });
    await expect(startNbdServer({ address: unix() })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    const nowhere = { kind: 'unix', path: join(folder, 'no', 'nbd.sock') } as const;
    await expect(startNbdServer({ address: nowhere })).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  });
});
