import { collect } from '@sendense/testkit';
import { expect, it } from 'vitest';
import type { BrowseSession } from '../src/session/browse-session.ts';
import { contentOf, namesOf } from './support/browse.ts';
import {
  both,
  FLAG,
  furtherUse,
  MadeDisc,
  type MadeRecord,
  nameUse,
  posixUse,
  ROCK_RIDGE,
  rockRidgeDisc,
  use,
} from './support/made-disc.ts';

const FILE = 0o100644;
const LINK = 0o120777;
const LONG_FORM = 0x80;

/** A record with a name and entries of Rock Ridge. */
const rr = (
  name: string,
  mode: number,
  systemUse: readonly Buffer[],
  more: Partial<MadeRecord> = {},
): MadeRecord => ({
  name: `${name.toUpperCase().replaceAll(/[^A-Z]/gu, '_')};1`,
  ...more,
  systemUse: [nameUse(name), posixUse(mode), ...systemUse],
});
/** Parts of a symbolic link: flags, and a name. */
const link = (flags: number, ...parts: readonly (readonly [number, string])[]): Buffer =>
  use('SL', [flags], ...parts.map(([how, name]) => Buffer.from([how, name.length, ...Buffer.from(name)])));
/** An entry whose version is the second one. */
const ofVersion2 = (entry: Buffer): Buffer => Buffer.from(entry).fill(2, 3, 4);

async function archive(session: BrowseSession): Promise<string[]> {
  const told: string[] = [];
  await collect(session.tar(await session.find('/'), 'all', ({ code }) => told.push(code)));
  return told;
}

it('owners, modes, links and all kinds of files come from Rock Ridge', async () => {
  const records = [
    rr('file', 0o104751, [], { block: 100, sizeBytes: 5 }),
    rr('fifo', 0o010600, []),
    rr('socket', 0o140600, []),
    rr('apart', 0o060640, [use('PN', both(8), both(300))]),
    rr('together', 0o020640, [use('PN', both(0), both(0x0010_082c))]),
    rr('old', 0o020640, [use('PN', both(0), both(0x0801))]),
    { name: 'BARE.TXT;1' },
  ];
  await using session = await rockRidgeDisc(records).browse();
  const stats = (await session.list('/')).entries.map(({ name, stat }) => [
    name,
    stat?.type,
    stat?.mode,
    stat?.device,
  ]);
  expect(stats).toEqual([
    ['file', 'file', 0o4751, undefined],
    ['fifo', 'fifo', 0o600, undefined],
    ['socket', 'socket', 0o600, undefined],
    ['apart', 'block-device', 0o640, { major: 8, minor: 300 }],
    ['together', 'char-device', 0o640, { major: 8, minor: 300 }],
    ['old', 'char-device', 0o640, { major: 8, minor: 1 }],
    ['BARE.TXT', 'file', 0o444, undefined],
  ]);
  expect((await session.find('/file')).stat).toMatchObject({ uid: 1000, gid: 100, links: 1 });
  expect(session.findings).toEqual([]);
});

it('numbers that are neither places nor lengths are read by their first half, as on Linux', async () => {
  const otherHalf = (entry: Buffer): Buffer => Buffer.from(entry).fill(9, 8, 12);
  const disc = rockRidgeDisc([
    { name: 'FIRST;1', block: 100, sizeBytes: 3, systemUse: [nameUse('file'), otherHalf(posixUse(FILE))] },
    rr('device', 0o060640, [otherHalf(use('PN', both(8), both(300)))]),
  ]).write(100, Buffer.from('yes'));
  const [record, descriptor] = [disc.recordAt('FIRST;1'), 16 * 2048];
  disc.bytes.fill(9, record + 30, record + 32);
  disc.bytes.fill(9, descriptor + 84, descriptor + 88).fill(9, descriptor + 126, descriptor + 128);
  await using session = await disc.browse();
  expect(session.findings).toEqual([]);
  expect(String(await contentOf(session, '/file'))).toBe('yes');
  expect((await session.stat('/file')).mode).toBe(0o644);
  expect((await session.stat('/device')).device).toEqual({ major: 8, minor: 300 });
});

it('names go on over entries and areas, and are found exactly as they are', async () => {
  const parts = ['a long ', 'name ', 'of three'];
  const record = {
    name: 'A',
    systemUse: [use('NM', [1], Buffer.from(parts[0] ?? '')), furtherUse(60, 100, 40), posixUse(FILE)],
  };
  const first = [use('NM', [1], Buffer.from(parts[1] ?? '')), furtherUse(61, 0, 20)];
  const disc = rockRidgeDisc([record, { name: 'B', systemUse: [use('NM', [2]), posixUse(FILE)] }]);
  Buffer.concat(first).copy(disc.bytes, 60 * 2048 + 100);
  disc.write(61, use('NM', [0], Buffer.from(parts[2] ?? '')));
  await using session = await disc.browse();
  expect(await namesOf(session, '/')).toEqual([parts.join(''), 'B']);
  await expect(session.find('/A LONG NAME OF THREE')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it.each([
  ['goes round', [furtherUse(60, 0, 28)], furtherUse(60, 0, 28)],
  ['goes on outside', [furtherUse(2 ** 32 - 1, 0, 28)], undefined],
  ['goes on for too long', [furtherUse(60, 0, 70_000)], undefined],
  ['says where in too few bytes', [use('CE', both(60))], undefined],
  ['has an entry that is longer than it', [Buffer.from('NM\xc8\x01', 'latin1')], undefined],
  ['has an entry that is shorter than any', [Buffer.from('NM\x02\x01', 'latin1')], undefined],
  ['has rights that are cut off', [use('PX', both(FILE))], undefined],
  ['has times that are cut off', [use('TF', [0x0e, 121, 5, 6, 7, 8, 9, 0])], undefined],
  ['is a folder by Rock Ridge only', [posixUse(0o40755)], undefined],
  ['is of no type', [posixUse(0o644)], undefined],
])('a record that %s is left out and told, and the rest is listed', async (_, systemUse, area) => {
  const disc = rockRidgeDisc([{ name: 'BAD', systemUse }, rr('good', FILE, [])]);
  if (area !== undefined) disc.write(60, area);
  await using session = await disc.browse();
  const { entries, findings } = await session.list('/');
  expect(entries.map(({ name }) => name)).toEqual(['good']);
  expect(findings).toMatchObject([{ code: 'directory-damaged' }]);
  await expect(session.find('/bad')).rejects.toMatchObject({ code: 'CORRUPT' });
});

it('a file whose name has no text, or flags that are not known, has that of its identifier', async () => {
  const records = [
    { name: 'EMPTY.TXT;1', systemUse: [use('NM', [0]), posixUse(FILE)] },
    { name: 'HOST.TXT;1', systemUse: [use('NM', [0x20], Buffer.from('host')), posixUse(FILE)] },
  ];
  await using session = await rockRidgeDisc(records).browse();
  const { entries, findings } = await session.list('/');
  expect(entries.map(({ name }) => name)).toEqual(['EMPTY.TXT', 'HOST.TXT']);
  expect(findings).toEqual([]);
});

it('zeros, too few bytes for an entry, and ST end an area', async () => {
  const records = [
    { name: 'A', systemUse: [nameUse('zeros'), posixUse(FILE), Buffer.alloc(6)] },
    { name: 'B', systemUse: [nameUse('few'), posixUse(FILE), Buffer.from('NM')] },
    { name: 'C', systemUse: [nameUse('stop'), posixUse(FILE), use('ST'), nameUse('ped')] },
  ];
  await using session = await rockRidgeDisc(records).browse();
  expect(await namesOf(session, '/')).toEqual(['zeros', 'few', 'stop']);
});

it('links have all kinds of parts', async () => {
  const records = [
    rr('relative', LINK, [link(0, [4, ''], [2, ''], [0, 'a'], [0, 'b'])]),
    rr('absolute', LINK, [link(0, [8, ''], [0, 'etc'], [0, 'passwd'])]),
    rr('volume', LINK, [link(0, [0x10, ''], [0, 'etc'])]),
    rr('root', LINK, [link(0, [8, ''])]),
    rr('long', LINK, [link(1, [0, 'one'], [1, 'tw']), link(1, [0, 'o']), link(0, [0, 'three'])]),
    rr('host', LINK, [link(0, [0x20, ''])]),
    rr('none', LINK, []),
    rr('open', LINK, [link(1, [0, 'one'])]),
    rr('half', LINK, [link(0, [1, 'one'])]),
    rr('cut', LINK, [use('SL', [0, 0, 9, 65])]),
  ];
  await using session = await rockRidgeDisc(records).browse();
  const { reader } = await session.find('/');
  const targetOf = async (name: string): Promise<unknown> => {
    const entry = await reader.lookup(reader.root, name);
    return reader.readLink(entry?.node ?? 0).catch(({ code }: { code: string }) => code);
  };
  const names = ['relative', 'absolute', 'volume', 'root', 'long', 'host', 'none', 'open', 'half'];
  expect(await Promise.all(names.map(targetOf))).toEqual([
    '.././a/b',
    '/etc/passwd',
    '/etc',
    '/',
    'one/two/three',
    'FORMAT_UNSUPPORTED',
    'CORRUPT',
    'CORRUPT',
    'CORRUPT',
  ]);
  const { entries, findings } = await reader.list(reader.root, { limit: 100 });
  expect(entries.map(({ name }) => name)).not.toContain('cut');
  expect(findings).toMatchObject([{ code: 'directory-damaged' }]);
  expect((await session.stat('/relative')).sizeBytes).toBe('.././a/b'.length);
});

it('a folder is listed though a link in it names the host: that one by its name only, which is told', async () => {
  const records = [rr('host', LINK, [link(0, [0x20, ''])]), rr('good', FILE, [])];
  await using session = await rockRidgeDisc(records).browse();
  const { entries, findings } = await session.list('/');
  expect(entries.map(({ name, stat }) => [name, stat?.type])).toEqual([
    ['host', undefined],
    ['good', 'file'],
  ]);
  expect(findings).toMatchObject([{ severity: 'error', code: 'file-damaged', object: 'host' }]);
});

it('times are those of the file, to the hundredth of a second in the long form', async () => {
  const digits = (text: string, zone: number): Buffer =>
    Buffer.concat([Buffer.from(text), Buffer.from([zone])]);
  const short = use(
    'TF',
    [0x0f, 70, 1, 1, 0, 0, 0, 0, 121, 5, 6, 7, 8, 9, 4, 121, 5, 6, 8, 0, 0, 0, 121, 5, 6, 9, 0, 0, 0],
  );
  const long = use('TF', [LONG_FORM | 2], digits('2021050607080912', 4));
  const none = use('TF', [LONG_FORM | 2], digits('0000000000000000', 0));
  const records = [rr('short', FILE, [short]), rr('long', FILE, [long]), rr('none', FILE, [none])];
  await using session = await rockRidgeDisc(records).browse();
  const ms = (hour: number, minute = 0, second = 0, more = 0): bigint =>
    BigInt(Date.UTC(2021, 4, 6, hour, minute, second, more)) * 1_000_000n;
  expect((await session.find('/short')).stat).toMatchObject({
    mtimeNs: ms(6, 8, 9),
    atimeNs: ms(8),
    ctimeNs: ms(9),
  });
  expect((await session.find('/long')).stat).toMatchObject({
    mtimeNs: ms(6, 8, 9, 120),
    ctimeNs: ms(6, 8, 9, 120),
  });
  expect((await session.find('/none')).stat.mtimeNs).toBe(0n);
});

it('folders that moved are where they belong only, and a record that leads to none is told', async () => {
  const disc = rockRidgeDisc([
    { name: 'MOVED', block: 50, flags: FLAG.folder, systemUse: [nameUse('moved')] },
    rr('here', FILE, [use('CL', both(60))]),
    rr('lost', FILE, [use('CL', both(70))]),
    rr('outside', FILE, [use('CL', both(2 ** 31))]),
  ]);
  const child = { name: 'CHILD', block: 60, flags: FLAG.folder, systemUse: [nameUse('child'), use('RE')] };
  disc
    .folder(50, [child], [posixUse(0o40700)])
    .folder(60, [rr('inside', FILE, [])], [posixUse(0o40711), use('PL', both(40))]);
  await using session = await disc.browse();
  expect(await namesOf(session, '/moved')).toEqual([]);
  expect(await namesOf(session, '/here')).toEqual(['inside']);
  expect((await session.find('/here')).stat).toMatchObject({ type: 'directory', mode: 0o711 });
  expect(await archive(session)).toEqual(['file-left-out', 'file-left-out']);
});

it('a folder that is moved into itself is entered once', async () => {
  const disc = rockRidgeDisc([rr('round', FILE, [use('CL', both(40))])]);
  await using session = await disc.browse();
  expect(await archive(session)).toEqual(['file-left-out']);
});

it('names of one file are one in an archive, where the disc numbers its files', async () => {
  const numbered = (serial: number): Buffer => use('PX', both(FILE), both(2), both(0), both(0), both(serial));
  const name = (text: string, serial: number, block: number): MadeRecord => ({
    name: text.toUpperCase(),
    block,
    sizeBytes: 5,
    systemUse: [nameUse(text), numbered(serial)],
  });
  await using session = await rockRidgeDisc([
    name('a', 7, 100),
    name('b', 7, 100),
    name('c', 7, 101),
    name('d', 8, 100),
  ]).browse();
  const nodes = (await session.list('/')).entries.map(({ stat }) => stat?.node);
  expect(nodes[1]).toBe(nodes[0]);
  expect(new Set(nodes).size).toBe(3);
  expect(await archive(session)).toEqual([]);
});

it('sparse files, and those of a zisofs that is not known, are listed and their data refused', async () => {
  const place = { block: 100, sizeBytes: 5 };
  const large = [1, 0, 0, 0, 2, 0, 0, 0];
  const records = [
    rr('sparse', FILE, [use('SF', both(0), both(100), [1])], place),
    rr('newer', FILE, [ofVersion2(use('ZF', Buffer.from('PZ'), [6, 17], large))], place),
    rr('hidden', FILE, [ofVersion2(use('Z2', Buffer.from('ZD'), [6, 17], large))], place),
    rr('other', FILE, [use('ZF', Buffer.from('xz'), [4, 15], both(5000))], place),
    rr('blocks', FILE, [use('ZF', Buffer.from('pz'), [4, 18], both(5000))], place),
  ];
  await using session = await rockRidgeDisc(records).browse();
  const { entries } = await session.list('/');
  expect(entries.map(({ name, stat }) => [name, stat?.sizeBytes])).toEqual([
    ['sparse', 5],
    ['newer', 2 ** 33 + 1],
    ['hidden', 2 ** 33 + 1],
    ['other', 5000],
    ['blocks', 5000],
  ]);
  for (const { name } of entries) {
    const { reader, stat } = await session.find(`/${name}`);
    const bytes = reader.read(stat.node, { offset: 0, length: 1 });
    await expect(collect(bytes)).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
  }
  expect(await archive(session)).toEqual(entries.map(() => 'file-left-out'));
});

it('other extensions may come before, between and around what is of Rock Ridge', async () => {
  const [, ...rest] = ROCK_RIDGE;
  const xa = Buffer.alloc(14, 1);
  const other = use('ER', [4, 0, 0, 1], Buffer.from('MINE'));
  const own = [xa, use('SP', [0xbe, 0xef, 14]), other, ...rest];
  const systemUse = [
    xa,
    use('ES', [0]),
    nameUse('not this'),
    use('ES', [1]),
    nameUse('this'),
    posixUse(FILE),
  ];
  await using session = await new MadeDisc()
    .describe(1, 40)
    .end()
    .folder(40, [{ name: 'A', systemUse }], own)
    .browse();
  expect(await namesOf(session, '/')).toEqual(['this']);
  expect((await session.find('/')).stat.mode).toBe(0o755);
});

it('a tree of Rock Ridge without files gives way to one of Joliet that has some, which is told', async () => {
  const disc = (): MadeDisc =>
    new MadeDisc().describe(1, 40).describe(2, 41, 2048, '%/E').end().folder(40, [], ROCK_RIDGE);
  const name = Buffer.from('file', 'utf16le').swap16();
  await using session = await disc().folder(41, [{ name }]).browse();
  expect(await namesOf(session, '/')).toEqual(['file']);
  expect(session.findings.map(({ code }) => code)).toEqual(['rock-ridge-empty', 'iso-names']);
  await using empty = await disc().folder(41, []).browse();
  expect(empty.findings).toEqual([]);
});

it.each(['a/b', 'a\0b', '.', '..'])('the name %j is never listed', async (name) => {
  const records = [{ name: 'BAD', systemUse: [nameUse(name), posixUse(FILE)] }, rr('good', FILE, [])];
  await using session = await rockRidgeDisc(records).browse();
  expect(await namesOf(session, '/')).toEqual(['good']);
});

it('names that are no UTF-8 keep their bytes', async () => {
  const systemUse = [use('NM', [0], [0x6d, 0xfc]), posixUse(FILE)];
  const disc = rockRidgeDisc([{ name: 'A', block: 100, sizeBytes: 3, systemUse }]).write(
    100,
    Buffer.from('yes'),
  );
  await using session = await disc.browse();
  expect(String(await contentOf(session, '/m\udcfc'))).toBe('yes');
});
