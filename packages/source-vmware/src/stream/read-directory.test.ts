import { seededBytes } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import {
  type FrontStream,
  frontStreamOf,
  GRAIN,
  opened,
  packedGrain,
  readAll,
  scattered,
} from '../../test/stream-fixtures.ts';

/** A disk of two tables, and its stream. */
function twoTables(): { readonly stream: FrontStream; readonly content: ReturnType<typeof scattered> } {
  const content = scattered(600 * GRAIN);
  content.write(590 * GRAIN + 512, seededBytes(90, 70_000));
  return { stream: frontStreamOf(content), content };
}

/** The code that reading `bytes` ends with; `undefined` when it is read, or told as read to its end. */
async function endOf(bytes: Uint8Array): Promise<unknown> {
  const { reader, seen } = opened([bytes], 600 * GRAIN);
  const error = await readAll(reader, GRAIN * 8).then(
    () => undefined,
    (failed: { code?: string }) => failed.code ?? failed,
  );
  return seen.ended === 0 ? error : undefined;
}

describe('a stream whose directory stands in front of its grains', () => {
  it('is read to the last grain, behind which nothing comes', async () => {
    const { stream, content } = twoTables();
    const { reader, seen } = opened([stream.bytes], content.sizeBytes);
    expect((await readAll(reader)).equals(content.bytes())).toBe(true);
    expect(seen).toMatchObject({ opens: 1, ended: 1 });
  });

  it('never ends in zeros when it is cut between grains', async () => {
    const { bytes, places } = twoTables().stream;
    for (const place of places.slice(0, -1))
      expect(await endOf(bytes.subarray(0, place)), `cut at ${place}`).toBe('CONNECTION_LOST');
  });

  it('is asked for again when it was cut between grains, and read on', async () => {
    const { stream, content } = twoTables();
    const cut = stream.bytes.subarray(0, stream.places[2]);
    const { reader, seen } = opened([cut, stream.bytes], content.sizeBytes);
    expect((await readAll(reader)).equals(content.bytes())).toBe(true);
    expect(seen.retried).toEqual(['CONNECTION_LOST']);
  });

  it('is refused when zeros stand where a grain should be: they look like the marker of the end', async () => {
    const { bytes, places } = twoTables().stream;
    expect(await endOf(Buffer.from(bytes).fill(0, places[2]))).toBe('FORMAT_INVALID');
  });

  it('is refused when it holds a grain that its directory does not name', async () => {
    const { bytes } = twoTables().stream;
    const another = packedGrain(595, seededBytes(1, GRAIN));
    expect(await endOf(Buffer.concat([bytes, another]))).toBe('FORMAT_INVALID');
  });

  it.each([
    ['no directory at all', 56, 0, 'FORMAT_INVALID'],
    ['tables of another size', 44, 256, 'FORMAT_INVALID'],
    ['a directory that reaches into the grains', 56, 127, 'FORMAT_INVALID'],
    ['a table before the directory', 512, 1, 'FORMAT_UNSUPPORTED'],
    ['a table among the grains', 516, 200, 'FORMAT_INVALID'],
    ['a directory behind its end', 56, 2 ** 20, 'CONNECTION_LOST'],
  ])('is refused with %s', async (_what, at, value, code) => {
    const bytes = Buffer.from(twoTables().stream.bytes);
    bytes.writeUInt32LE(value, at);
    expect(await endOf(bytes)).toBe(code);
  });

  it('that is cut in its directory is asked for again', async () => {
    const { bytes } = twoTables().stream;
    for (const at of [512, 700, 1024, 3000])
      expect(await endOf(bytes.subarray(0, at))).toBe('CONNECTION_LOST');
  });
});
