import { collect } from '@sendense/testkit';
import { expect, it } from 'vitest';
import type { BrowseSession } from '../src/session/browse-session.ts';
import { contentOf, namesOf } from './support/browse.ts';
import { both, FLAG, MadeDisc, type MadeRecord, plainDisc, recordOf } from './support/made-disc.ts';
import { noise } from './support/sample-tree.ts';

const JOLIET = '%/E';
const DATA = noise(9000, 'data');
const NAMES = Array.from({ length: 120 }, (_, index) => `FILE${index}.TXT`);
const FILES: readonly MadeRecord[] = NAMES.map((name) => ({ name: `${name};1` }));
const FOLDER_BYTES = 4 * 2048;

const wide = (name: string): Buffer => Buffer.from(name, 'utf16le').swap16();
const codesOf = (session: BrowseSession): string[] => session.findings.map(({ code }) => code);

/** Codes of what is told of an archive of all. */
async function archive(session: BrowseSession): Promise<string[]> {
  const told: string[] = [];
  await collect(session.tar(await session.find('/'), 'all', ({ code }) => told.push(code)));
  return told;
}

/** A disc with a folder of 120 files, changed by a test. */
function discOfMany(): MadeDisc {
  return plainDisc([{ name: 'MANY', block: 50, flags: FLAG.folder }]).folder(50, FILES, [], FOLDER_BYTES);
}

it.each([512, 1024, 2048])(
  'a disc with blocks of %i bytes gives folders and files of any of them',
  async (blockBytes) => {
    // not where a sector begins, if blocks are smaller
    const shift = blockBytes % 2048;
    const [folderBlock, dataBlock] = [200 * 2048 + shift, 300 * 2048 + shift].map((at) => at / blockBytes);
    const disc = plainDisc([{ name: 'SUB', block: folderBlock ?? 0, flags: FLAG.folder }], blockBytes)
      .folder(
        folderBlock ?? 0,
        [{ name: 'DATA.BIN;1', block: dataBlock ?? 0, sizeBytes: 9000 }, ...FILES],
        [],
        FOLDER_BYTES,
      )
      .write(dataBlock ?? 0, DATA);
    await using session = await disc.browse();
    expect(session.volumes).toMatchObject([{ fileSystem: 'iso9660', fileSystemLabel: 'MADE' }]);
    expect(await contentOf(session, '/SUB/DATA.BIN')).toEqual(DATA);
    expect(await namesOf(session, '/SUB', 7)).toEqual(['DATA.BIN', ...NAMES]);
    expect((await session.find('/SUB/DATA.BIN')).stat).toMatchObject({
      mode: 0o444,
      uid: 0,
      allocatedBytes: Math.ceil(9000 / blockBytes) * blockBytes,
    });
  },
);

it('names lose their version 1 and the dot before it, and are found in any case', async () => {
  const names = ['NODOT.;1', 'A.B;1', 'OLD.TXT;2', 'DOT.', 'BARE'];
  await using session = await plainDisc(names.map((name) => ({ name }))).browse();
  expect(await namesOf(session, '/')).toEqual(['NODOT', 'A.B', 'OLD.TXT;2', 'DOT.', 'BARE']);
  expect((await session.find('/a.b')).stat.type).toBe('file');
  await expect(session.find('/A.C')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(codesOf(session)).toEqual(['iso-names']);
});

it.each(['%/@', '%/C', '%/E'])(
  'names of Joliet by the escape sequence %s are read as Unicode',
  async (sequence) => {
    const names = ['Größe 🗂.txt;1', 'ends in dots...;1', '文件'];
    const disc = new MadeDisc().describe(1, 40).describe(2, 41, 2048, sequence).end();
    disc.folder(40, [{ name: 'SHORT.;1' }]).folder(
      41,
      names.map((name) => ({ name: wide(name) })),
    );
    await using session = await disc.browse();
    expect(await namesOf(session, '/')).toEqual(['Größe 🗂.txt', 'ends in dots', '文件']);
    expect((await session.find('/GRÖßE 🗂.TXT')).stat.type).toBe('file');
    expect(session.volumes).toMatchObject([{ fileSystemLabel: 'Måde' }]);
  },
);

it('a supplementary tree that is not of Joliet is passed over', async () => {
  const disc = new MadeDisc().describe(1, 40).describe(2, 41, 2048, '%/X').end();
  await using session = await disc
    .folder(40, [{ name: 'ONE' }])
    .folder(41, [{ name: 'TWO' }])
    .browse();
  expect(await namesOf(session, '/')).toEqual(['ONE']);
});

it('a disc whose primary tree has no root is read by Joliet, which is told', async () => {
  const disc = new MadeDisc().describe(1, 39).describe(2, 41, 2048, JOLIET).end();
  await using session = await disc.folder(41, [{ name: wide('left') }]).browse();
  expect(await namesOf(session, '/')).toEqual(['left']);
  expect(codesOf(session)).toEqual(['iso-descriptor-damaged']);
});

it.each([
  ['blocks of no possible size', (bytes: Buffer) => void bytes.fill('\x03\0\0\x03', 128, 132, 'latin1')],
  ['halves of a place that disagree', (bytes: Buffer) => void bytes.writeUInt8(7, 158)],
])('a disc whose first descriptor has %s is read by the other one, which is told', async (_, change) => {
  const disc = new MadeDisc().describe(1, 40).describe(2, 41, 2048, JOLIET).end();
  change(disc.bytes.subarray(16 * 2048));
  await using session = await disc
    .folder(40, [])
    .folder(41, [{ name: wide('left') }])
    .browse();
  expect(await namesOf(session, '/')).toEqual(['left']);
  expect(codesOf(session)).toEqual(['iso-descriptor-damaged']);
});

it('a descriptor behind a damaged one is read all the same, and the damage told', async () => {
  const disc = new MadeDisc().describe(1, 40).mark('CD00!').describe(2, 41, 2048, JOLIET).end();
  disc.folder(40, [{ name: 'SHORT' }]).folder(41, [{ name: wide('behind') }]);
  await using session = await disc.browse();
  expect(await namesOf(session, '/')).toEqual(['behind']);
  expect(codesOf(session)).toEqual(['iso-descriptor-damaged']);
});

it('descriptors that nothing ends are told as damaged; UDF behind them is seen', async () => {
  await using session = await new MadeDisc()
    .describe(1, 40)
    .folder(40, [{ name: 'HERE' }])
    .browse();
  expect(await namesOf(session, '/')).toEqual(['HERE']);
  expect(codesOf(session)).toEqual(['iso-descriptor-damaged']);
  const udf = new MadeDisc().describe(1, 40).mark('BEA01').mark('NSR02').mark('TEA01').folder(40, []);
  await using bridge = await udf.browse();
  expect(codesOf(bridge)).toEqual(['iso-descriptor-damaged', 'udf-not-read']);
});

it('the UUID of a disc is the time at which it was made, as Linux shows it', async () => {
  await using session = await plainDisc([]).browse();
  expect((await session.find('/')).reader.uuid).toBe('2021-05-06-07-08-09-00');
});

it('a disc without a tree is refused', async () => {
  await using session = await new MadeDisc().describe(1, 39).end().browse();
  expect(session.volumes).toMatchObject([{ fileSystem: 'iso9660', access: null }]);
  expect(codesOf(session)).toEqual(['volume-unreadable']);
});

it('a disc that also has UDF, or is longer than its volume, tells so', async () => {
  const udf = new MadeDisc().describe(1, 40).end().mark('BEA01').mark('NSR03').mark('TEA01').folder(40, []);
  await using bridge = await udf.browse();
  expect(codesOf(bridge)).toEqual(['iso-names', 'udf-not-read']);
  const cut = plainDisc([]);
  both(1000).copy(cut.bytes, 16 * 2048 + 80);
  await using session = await cut.browse();
  expect(codesOf(session)).toEqual(['iso-names', 'file-system-cut']);
});

it('a disc of UDF only, or High Sierra, is known by name', async () => {
  await using udf = await new MadeDisc().mark('BEA01').mark('NSR02').browse();
  expect(udf.volumes).toMatchObject([{ fileSystem: 'udf', access: null }]);
  const disc = new MadeDisc();
  disc.bytes.write('CDROM', 16 * 2048 + 9);
  await using old = await disc.browse();
  expect(old.volumes).toMatchObject([{ fileSystem: 'high-sierra', access: null }]);
});

it('times are in UTC by the zone that each has', async () => {
  // five hours and three quarters east; three hours west; none recorded
  const zoned = [
    { name: 'EAST', time: [121, 5, 6, 7, 8, 9, 23] },
    { name: 'WEST', time: [121, 5, 6, 23, 8, 9, 244] },
    { name: 'NONE', time: [0, 0, 0, 0, 0, 0, 0] },
  ];
  await using session = await plainDisc(zoned).browse();
  const times = (await session.list('/')).entries.map(({ stat }) =>
    Number((stat?.mtimeNs ?? 1n) / 1_000_000n),
  );
  expect(times).toEqual([Date.UTC(2021, 4, 6, 1, 23, 9), Date.UTC(2021, 4, 7, 2, 8, 9), 0]);
});

it('a file of several parts is one, whatever their lengths and wherever their records lie', async () => {
  const parts = [
    { name: 'PARTS;1', block: 110, sizeBytes: 3001, flags: FLAG.hasMore },
    { name: 'PARTS;1', block: 120, sizeBytes: 1, flags: FLAG.hasMore },
    { name: 'PARTS;1', block: 100, sizeBytes: 5998 },
  ];
  // records of the parts are divided by the end of a sector in one of these
  for (let before = 40; before < 48; before += 1) {
    const whole = new MadeDisc().describe(1, 50).end();
    whole.folder(50, [...FILES.slice(0, before), ...parts, { name: 'LAST;1' }], [], FOLDER_BYTES);
    whole
      .write(110, DATA.subarray(0, 3001))
      .write(120, DATA.subarray(3001, 3002))
      .write(100, DATA.subarray(3002));
    await using session = await whole.browse();
    expect(await contentOf(session, '/PARTS')).toEqual(DATA);
    expect(await namesOf(session, '/', 1)).toEqual([...NAMES.slice(0, before), 'PARTS', 'LAST']);
    const { reader, stat } = await session.find('/PARTS');
    const middle = await collect(reader.read(stat.node, { offset: 2999, length: 10 }));
    expect(Buffer.concat(middle.map(({ bytes }) => bytes))).toEqual(DATA.subarray(2999, 3009));
  }
});

it('a file of which parts are missing is left out and told', async () => {
  const records = [
    { name: 'CUT;1', block: 110, sizeBytes: 2048, flags: FLAG.hasMore },
    { name: 'NEXT;1', block: 100, sizeBytes: 3 },
    { name: 'END;1', block: 110, sizeBytes: 2048, flags: FLAG.hasMore },
  ];
  await using session = await plainDisc(records).browse();
  const { entries, findings } = await session.list('/');
  expect(entries.map(({ name }) => name)).toEqual(['NEXT']);
  expect(findings).toMatchObject([{ code: 'directory-damaged' }]);
  await expect(session.find('/CUT')).rejects.toMatchObject({ code: 'CORRUPT' });
  const { reader } = await session.find('/');
  await expect(reader.stat(reader.root + 34 + 34)).rejects.toMatchObject({ code: 'CORRUPT' });
});

it('attributes before the data of a file, or of a folder, are passed over', async () => {
  const disc = plainDisc([
    { name: 'FILE', block: 100, sizeBytes: 9000, attributeBlocks: 2 },
    { name: 'SUB', block: 118, attributeBlocks: 2, flags: FLAG.folder },
  ]).folder(120, [{ name: 'INSIDE' }]);
  await using session = await disc.write(102, DATA).browse();
  expect(await contentOf(session, '/FILE')).toEqual(DATA);
  expect(await namesOf(session, '/SUB')).toEqual(['INSIDE']);
});

it('forks of files are left out, and told', async () => {
  const fork = { name: 'PAPER', block: 100, sizeBytes: 5, flags: FLAG.associated };
  await using session = await plainDisc([fork, { name: 'PAPER', block: 101, sizeBytes: 9 }]).browse();
  const { entries, findings } = await session.list('/');
  expect(entries.map(({ stat }) => stat?.sizeBytes)).toEqual([9]);
  expect(findings).toMatchObject([{ severity: 'info', code: 'associated-left-out' }]);
});

it.each([
  ['is interleaved', { unit: 2, gap: 1 }],
  ['lies on another disc of the set', { volume: 2 }],
])('a file that %s is listed, and its data refused', async (_, how) => {
  await using session = await plainDisc([{ name: 'FILE', block: 100, sizeBytes: 5, ...how }]).browse();
  expect(await namesOf(session, '/')).toEqual(['FILE']);
  await expect(contentOf(session, '/FILE')).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
  expect(await archive(session)).toEqual(['file-left-out']);
});

it('a file that lies outside of its volume is left out and told; one without data may lie anywhere', async () => {
  const records = [
    { name: 'OUTSIDE', block: 511, sizeBytes: 2049 },
    { name: 'FAR', block: 2 ** 32 - 1, sizeBytes: 5 },
    { name: 'EMPTY', block: 2 ** 32 - 1 },
  ];
  await using session = await plainDisc(records).browse();
  expect(await archive(session)).toEqual(['file-left-out', 'file-left-out']);
  await expect(contentOf(session, '/OUTSIDE')).rejects.toMatchObject({ code: 'CORRUPT' });
  expect(await contentOf(session, '/EMPTY')).toHaveLength(0);
});

it('a file with more bytes than its volume is damage, as its parts name some of them again', async () => {
  const part = { name: 'AGAIN', block: 0, sizeBytes: 2 ** 19 };
  const records = [1, 1, 0].map((more) => ({ ...part, flags: more * FLAG.hasMore }));
  await using session = await plainDisc(records).browse();
  await expect(contentOf(session, '/AGAIN')).rejects.toMatchObject({ code: 'CORRUPT' });
});

it('a file has 8192 parts at most: one of more is damage', async () => {
  const partsOf = (name: string, count: number): MadeRecord[] =>
    Array.from({ length: count }, (_, index) => ({ name, flags: index < count - 1 ? FLAG.hasMore : 0 }));
  const disc = plainDisc([{ name: 'MANY', block: 50, flags: FLAG.folder }]);
  disc.folder(50, [...partsOf('A', 8192), ...partsOf('B', 8193)], [], 280 * 2048);
  await using session = await disc.browse();
  const { entries, findings } = await session.list('/MANY');
  expect(entries.map(({ name, stat }) => [name, stat?.sizeBytes])).toEqual([
    ['A', 0],
    ['B', undefined],
  ]);
  expect(findings).toMatchObject([{ code: 'file-damaged', object: 'B' }]);
});

it.each([
  ['the place', 2],
  ['the length', 10],
])(
  'a record whose halves disagree about %s is left out and told; a second half that was never written passes',
  async (_, at) => {
    const disc = discOfMany();
    const [wrong, unwritten] = [disc.recordAt('FILE7.TXT;1'), disc.recordAt('FILE9.TXT;1')];
    disc.bytes.writeUInt8(5, wrong + at);
    disc.bytes.writeUInt8(6, wrong + at + 7);
    disc.bytes.fill(0, unwritten + at + 4, unwritten + at + 8);
    await using session = await disc.browse();
    const { entries, findings } = await session.list('/MANY');
    expect(entries.map(({ name }) => name)).toEqual(NAMES.filter((name) => name !== 'FILE7.TXT'));
    expect(findings).toMatchObject([{ code: 'directory-damaged' }]);
    await expect(session.find('/MANY/FILE7.TXT')).rejects.toMatchObject({ code: 'CORRUPT' });
  },
);

it.each([
  ['a length that is too short', 0, 20],
  ['a length beyond its sector', 0, 255],
  ['a name longer than itself', 32, 200],
  ['no name', 32, 0],
])('a record with %s takes the rest of its sector with it, and no more', async (_, at, value) => {
  const disc = discOfMany();
  const damagedAt = disc.recordAt('FILE40.TXT;1');
  disc.bytes.writeUInt8(value, damagedAt + at);
  await using session = await disc.browse();
  const { entries, findings } = await session.list('/MANY');
  const listed = entries.map(({ name }) => name);
  expect(listed).toContain('FILE39.TXT');
  expect(listed).toContain('FILE119.TXT');
  expect(listed).not.toContain('FILE40.TXT');
  expect(findings).toMatchObject([{ severity: 'error', code: 'directory-damaged' }]);
  expect(await namesOf(session, '/MANY', 3)).toEqual(listed);
});

it.each(['A/B', 'A\0B', '..', '.;1', ';1'])('the name %j is never listed', async (name) => {
  await using session = await plainDisc([{ name }, { name: 'GOOD' }]).browse();
  const { entries, findings } = await session.list('/');
  expect(entries.map((entry) => entry.name)).toEqual(['GOOD']);
  expect(findings).toMatchObject([{ code: 'directory-damaged' }]);
});

it('a folder that reaches past the end of its volume is listed as far as that goes', async () => {
  const disc = plainDisc([{ name: 'LONG', block: 508, flags: FLAG.folder }]).folder(
    508,
    [{ name: 'HERE' }],
    [],
    2 ** 20,
  );
  await using session = await disc.browse();
  const { entries, findings } = await session.list('/LONG');
  expect(entries.map(({ name }) => name)).toEqual(['HERE']);
  expect(findings).toMatchObject([{ code: 'directory-damaged' }]);
});

it('folders that lie in themselves, or in one another, are entered once and told', async () => {
  const records = [
    { name: 'ROUND', block: 40, flags: FLAG.folder },
    { name: 'SUB', block: 50, flags: FLAG.folder },
    { name: 'INSIDE', block: 51, flags: FLAG.folder },
    { name: 'NOWHERE', block: 60, flags: FLAG.folder },
  ];
  const disc = plainDisc(records).folder(50, FILES.slice(0, 30), [], 2 * 2048);
  disc.folder(51, []);
  await using session = await disc.browse();
  expect(await archive(session)).toEqual(['file-left-out', 'file-left-out', 'file-left-out']);
  await expect(session.list('/NOWHERE')).rejects.toMatchObject({ code: 'CORRUPT' });
});

it('records go on at the next block behind zeros, though the sector has not ended', async () => {
  const disc = plainDisc([{ name: 'FIRST' }], 512);
  disc.write(161, recordOf({ name: 'NEXT' }));
  await using session = await disc.browse();
  expect(await namesOf(session, '/')).toEqual(['FIRST', 'NEXT']);
});

it('a folder that is shorter than its own record is damage', async () => {
  const disc = plainDisc([{ name: 'SHORT', block: 50, flags: FLAG.folder }]).folder(
    50,
    FILES.slice(0, 3),
    [],
    33,
  );
  await using session = await disc.browse();
  await expect(session.list('/SHORT')).rejects.toMatchObject({ code: 'CORRUPT' });
});

it('places that no page gave are refused, and files that are asked for names', async () => {
  await using session = await discOfMany().browse();
  for (const from of ['', 'x', '-1', '1.5', `${2 ** 40}`])
    await expect(session.list('/MANY', { from, limit: 1 })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  const { reader, stat } = await session.find('/MANY/FILE1.TXT');
  await expect(reader.list(stat.node, { limit: 10 })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await expect(reader.readLink(stat.node)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  const bytes = reader.read(reader.root, { offset: 0, length: 1 });
  await expect(collect(bytes)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});
