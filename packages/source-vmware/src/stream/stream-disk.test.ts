import { blockReaderConformance, collect, DiskContent, seededBytes } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { frontStreamOf, GRAIN, opened, readAll, scattered, streamOf } from '../../test/stream-fixtures.ts';

blockReaderConformance(
  { describe, it },
  {
    name: 'the stream of an export lease',
    capabilities: { order: 'ascending', locate: false, digests: false },
    open: async (content) => opened([await streamOf(content)], content.sizeBytes).reader,
  },
);

describe('a disk that comes as a stream', () => {
  it('is read in pieces of any size, and told by its grains', async () => {
    const content = scattered();
    const { reader, seen } = opened([await streamOf(content)], content.sizeBytes);
    const first = await collect(reader.extents({ offset: 0, length: 5 * GRAIN }));
    expect(first.map(({ offset, length, kind }) => [offset / GRAIN, length / GRAIN, kind])).toEqual([
      [0, 1, 'data'],
      [1, 2, 'zero'],
      [3, 1, 'data'],
      [4, 1, 'data'],
    ]);
    expect((await readAll(reader)).equals(content.bytes())).toBe(true);
    expect(seen).toMatchObject({ opens: 1, ended: 1 });
  });

  it('is read where it changed, and the rest left out', async () => {
    const content = scattered();
    const { reader } = opened([await streamOf(content)], content.sizeBytes);
    for (const offset of [4 * GRAIN + 600, 17 * GRAIN, 38 * GRAIN]) {
      const into = Buffer.alloc(GRAIN);
      await reader.read(offset, into);
      expect(into.equals(content.bytes().subarray(offset, offset + GRAIN))).toBe(true);
    }
  });

  it('is held in part only, however far its extents are asked for', async () => {
    const sizeBytes = 96 * 2 ** 20;
    const content = new DiskContent(sizeBytes);
    const data = seededBytes(9, 512);
    for (let at = 0; at < sizeBytes; at += GRAIN) content.write(at, data);
    const { reader, seen } = opened([await streamOf(content)], sizeBytes);
    const extents = await collect(reader.extents({ offset: 0, length: sizeBytes }));
    expect(extents.every(({ kind }) => kind === 'data')).toBe(true);
    expect(seen.ended).toBe(0);
    expect((await readAll(reader, 2 ** 20)).equals(content.bytes())).toBe(true);
  });

  it('is held in part only when the extents of its end are asked for first', async () => {
    const sizeBytes = 96 * 2 ** 20;
    const content = new DiskContent(sizeBytes);
    const data = seededBytes(9, 512);
    for (let at = 0; at < sizeBytes; at += GRAIN) content.write(at, data);
    const { reader, seen } = opened([await streamOf(content)], sizeBytes);
    const last = { offset: sizeBytes - 2 * GRAIN, length: 2 * GRAIN };
    expect(await collect(reader.extents(last))).toEqual([{ ...last, kind: 'data' }]);
    expect(seen.grains * GRAIN).toBeLessThan(20 * 2 ** 20);
    expect((await readAll(reader, 2 ** 20)).equals(content.bytes())).toBe(true);
  });

  it('whose stream breaks again and again is not asked for without end, whatever each opening gives', async () => {
    const content = new DiskContent(256 * GRAIN);
    for (let at = 0; at < content.sizeBytes; at += GRAIN) content.write(at, seededBytes(at, 512));
    const { bytes, places } = frontStreamOf(content);
    const cuts = places
      .filter((_, grain) => grain > 0 && grain % 8 === 0)
      .map((end) => bytes.subarray(0, end));
    const { reader, seen } = opened(cuts, content.sizeBytes);
    await expect(readAll(reader)).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect(seen).toMatchObject({ opens: 16, ended: 0 });
  });

  it.each([0, 4 * GRAIN])('is not read back before what was read: at %i', async (at) => {
    const content = scattered();
    const { reader } = opened([await streamOf(content)], content.sizeBytes);
    await reader.read(5 * GRAIN, Buffer.alloc(512));
    const back = reader.read(at, Buffer.alloc(512));
    await expect(back).rejects.toMatchObject({
      code: 'RANGE_INVALID',
      context: { position: 5 * GRAIN + 512 },
    });
    const into = Buffer.alloc(512);
    await reader.read(17 * GRAIN + 512, into);
    expect(into.equals(content.bytes().subarray(17 * GRAIN + 512, 17 * GRAIN + 1024))).toBe(true);
  });

  it('goes on after a break from where it was, by a stream from its start', async () => {
    const content = scattered();
    const stream = await streamOf(content);
    const cuts = [66_000, 70_000, stream.length - 1024].map((end) => stream.subarray(0, end));
    const { reader, seen } = opened([...cuts, stream], content.sizeBytes);
    expect((await readAll(reader)).equals(content.bytes())).toBe(true);
    expect(seen.retried).toEqual(['CONNECTION_LOST', 'CONNECTION_LOST', 'CONNECTION_LOST']);
  });

  it.each([0, 400, 512, 66_000, -512, -1, -1600])(
    'never ends in zeros when it is cut at byte %i: it fails, and stays failed',
    async (at) => {
      const content = scattered();
      const stream = await streamOf(content);
      const { reader, seen } = opened(
        [stream.subarray(0, at < 0 ? stream.length + at : at)],
        content.sizeBytes,
      );
      await expect(readAll(reader)).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
      const again = reader.read(content.sizeBytes - 512, Buffer.alloc(512));
      await expect(again).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
      expect(seen).toMatchObject({ ended: 0 });
    },
  );

  it('of another size than the disk is refused, and so is one that stands on another disk', async () => {
    const content = scattered();
    const stream = await streamOf(content);
    const other = opened([stream], content.sizeBytes + GRAIN);
    await expect(readAll(other.reader)).rejects.toMatchObject({ code: 'FORMAT_INVALID' });
    const child = Buffer.from(
      stream.toString('latin1').replace('parentCID=ffffffff', 'parentCID=12345678'),
      'latin1',
    );
    const delta = opened([child], content.sizeBytes);
    await expect(readAll(delta.reader)).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
  });

  it('is closed once, and then gives nothing', async () => {
    const content = scattered();
    const { reader, seen } = opened([await streamOf(content)], content.sizeBytes);
    await reader.read(0, Buffer.alloc(512));
    await reader[Symbol.asyncDispose]();
    await reader[Symbol.asyncDispose]();
    await expect(reader.read(512, Buffer.alloc(512))).rejects.toMatchObject({ code: 'NOT_OPEN' });
    expect(seen).toMatchObject({ closed: 1, ended: 0 });
  });

  it('lets a caller that is cancelled go while the host is silent', async () => {
    const silent = Promise.withResolvers<never>();
    const { streamDisk } = await import('./stream-disk.ts');
    const never: AsyncIterable<never> = {
      [Symbol.asyncIterator]: () => ({
        next: () => silent.promise,
        return: async () => ({ done: true, value: undefined }),
      }),
    };
    const reader = streamDisk(never, GRAIN, async () => silent.reject(new Error('closed')));
    const cancel = new AbortController();
    const reading = reader.read(0, Buffer.alloc(512), { signal: cancel.signal });
    cancel.abort();
    await expect(reading).rejects.toMatchObject({ code: 'ABORTED' });
    await reader[Symbol.asyncDispose]();
  });
});
