import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collect } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { extractToFile } from '../src/extract/extract-to-file.ts';
import type { BrowseSession } from '../src/session/browse-session.ts';
import { browse, namesOf } from './support/browse.ts';
import { fillForDisc, fillPlainly, unpackIso } from './support/iso-image.ts';
import { run } from './support/program.ts';
import { openRawPoint } from './support/raw-point.ts';
import { noise } from './support/sample-tree.ts';
import { type Facts, factsInside, factsOnDisk } from './support/tree-facts.ts';

const GIB = 2 ** 30;
const SECOND_NS = 1_000_000_000n;
const OWNER = { uid: 1234, gid: 567 };
const TO_OWNER = ['-chown_r', `${OWNER.uid}`, '/', '--', '-chgrp_r', `${OWNER.gid}`, '/', '--'];
const GENISOIMAGE = ['genisoimage', '-quiet', '-V', 'SAMPLE', '-uid', `${OWNER.uid}`, '-gid', `${OWNER.gid}`];

type Kind = {
  readonly title: string;
  readonly command: (image: string) => readonly string[];
  readonly links: boolean;
};

/** Discs with Rock Ridge. `links`: names of one file are told by its number. */
const KINDS: readonly Kind[] = [
  {
    title: 'genisoimage, with folders that moved and Joliet beside',
    command: (image) => [...GENISOIMAGE, '-R', '-J', '-joliet-long', '-o', image, tree],
    links: false,
  },
  {
    title: 'genisoimage, of level 3, with folders of any depth',
    command: (image) => [...GENISOIMAGE, '-R', '-D', '-iso-level', '3', '-o', image, tree],
    links: false,
  },
  {
    title: 'xorriso, with numbers of files',
    command: (image) => xorriso(image, ['-hardlinks', 'on', '-joliet', 'on']),
    links: true,
  },
  {
    title: 'xorriso, with the standard of 1994 and attributes',
    command: (image) => xorriso(image, ['-hardlinks', 'on', '-xattr', 'on', '-compliance', 'new_rr']),
    links: true,
  },
  {
    title: 'xorriso, with compressed files',
    command: (image) => [
      ...xorriso(image, []).slice(0, -1),
      '-set_filter_r',
      '--zisofs',
      '/',
      '--',
      '-commit',
    ],
    links: false,
  },
];

let folder = '';
let tree = '';
let plain = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-iso-'));
  tree = join(folder, 'tree');
  plain = join(folder, 'plain');
  for (const path of [tree, plain]) await mkdir(path);
  await fillForDisc(tree);
  await writeFile(join(tree, 'same name'), 'lower');
  await writeFile(join(tree, 'SAME NAME'), 'upper');
  await fillPlainly(plain);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function xorriso(image: string, options: readonly string[]): readonly string[] {
  return [
    'xorriso',
    '-outdev',
    image,
    '-volid',
    'SAMPLE',
    ...options,
    '-map',
    tree,
    '/',
    ...TO_OWNER,
    '-commit',
  ];
}

function make([program = '', ...args]: readonly string[]): void {
  run(program, args);
}

/** Facts of each path, without that of the folder to which others were moved on the disc: bsdtar does not show it. */
function kept<T>(files: ReadonlyMap<string, Facts>, keep: (facts: Facts) => T): Record<string, T> {
  const shown = [...files].filter(([path]) => path !== 'rr_moved');
  return Object.fromEntries(shown.map(([path, facts]) => [path, keep(facts)]));
}

const posix = ({ mode, mtimeNs, sizeBytes, content }: Facts) => ({ mode, mtimeNs, sizeBytes, content });
/** Discs keep seconds. */
const inSeconds = (facts: Facts) => ({ ...posix(facts), mtimeNs: facts.mtimeNs / SECOND_NS });
const withoutModes = ({ mtimeNs, sizeBytes, content }: Facts) => ({ mtimeNs, sizeBytes, content });

describeWithPeers(['iso-tools'], 'a disc of ISO 9660', () => {
  describe.each(KINDS)('by $title', ({ title, command, links }) => {
    let session: BrowseSession;
    let inside: Map<string, Facts>;
    let image = '';

    beforeAll(async () => {
      image = join(folder, `${title.replaceAll(/\W+/gu, '-')}.iso`);
      make(command(image));
      session = await browse(await openRawPoint(image));
      const { reader, stat } = await session.find('/');
      inside = await factsInside(reader, stat, (why) => expect.fail(why));
    });
    afterAll(() => session[Symbol.asyncDispose]());

    it('is told by its kind and label', () => {
      expect(session.volumes).toMatchObject([
        { id: 'disk-0', fileSystem: 'iso9660', fileSystemLabel: 'SAMPLE', access: 'in-process' },
      ]);
      expect(session.findings).toEqual([]);
    });

    it('gives every file that was put on it: names, modes, sizes, times, links and bytes', async () => {
      const facts = await factsOnDisk(tree);
      expect(facts.size).toBeGreaterThan(30);
      expect(kept(inside, inSeconds)).toEqual(kept(facts, inSeconds));
    });

    it('gives what bsdtar takes out', async () => {
      const taken = kept(await factsOnDisk(await unpackIso(image)), posix);
      const own = kept(inside, posix);
      // libarchive 3.6 loses a slash where a link goes on in another entry; it is compared with what was put on the disc, above
      for (const facts of [own, taken]) delete facts['long link'];
      expect(own).toEqual(taken);
    });

    it('keeps the owner of each file', () => {
      for (const [path, { uid, gid }] of inside) expect({ path, uid, gid }).toEqual({ path, ...OWNER });
    });

    it('tells names of one file where the disc does', () => {
      const [one, other] = [inside.get('noise.bin')?.node, inside.get('etc/noise again')?.node];
      expect(one === other).toBe(links);
    });

    it('is taken out whole as an archive', async () => {
      const output = `${image}.tar`;
      const { findings } = await extractToFile({ session, path: '/', output, overwrite: false });
      expect(findings.filter(({ code }) => code !== 'names-alike')).toEqual([]);
      const out = `${image}.unpacked`;
      await mkdir(out);
      run('tar', ['--extract', '--no-same-owner', '--file', output, '--directory', out]);
      await rm(join(out, 'rr_moved'), { recursive: true, force: true });
      run('diff', ['--recursive', '--no-dereference', '--exclude=pipe', out, tree]);
    });
  });

  it('without Rock Ridge is read by Joliet, which is told', async () => {
    const image = join(folder, 'joliet.iso');
    run('genisoimage', ['-quiet', '-J', '-V', 'Größe', '-input-charset', 'utf-8', '-o', image, plain]);
    await using session = await browse(await openRawPoint(image));
    expect(session.findings).toMatchObject([{ severity: 'info', code: 'iso-names' }]);
    expect(session.volumes).toMatchObject([{ fileSystemLabel: 'Größe' }]);
    expect((await session.find('/FOLDER/GRÖßE – 文件')).stat.type).toBe('directory');
    const { reader, stat } = await session.find('/');
    const inside = await factsInside(reader, stat, (why) => expect.fail(why));
    expect(kept(inside, withoutModes)).toEqual(kept(await factsOnDisk(await unpackIso(image)), withoutModes));
    expect([...inside.keys()].sort()).toEqual([...(await factsOnDisk(plain)).keys()].sort());
  });

  it('without both has the names of the standard, as bsdtar and isoinfo show them', async () => {
    const image = join(folder, 'plain.iso');
    run('genisoimage', ['-quiet', '-iso-level', '1', '-o', image, plain]);
    await using session = await browse(await openRawPoint(image));
    const { reader, stat } = await session.find('/');
    const inside = await factsInside(reader, stat, (why) => expect.fail(why));
    expect(kept(inside, withoutModes)).toEqual(kept(await factsOnDisk(await unpackIso(image)), withoutModes));
    const shown = run('isoinfo', ['-f', '-i', image]).trim().split('\n');
    expect([...inside.keys()].map((path) => `/${path}`).sort()).toEqual(
      shown.map((path) => path.replace(/\.?;1$/u, '')).sort(),
    );
  });

  it('of several sessions shows the last one, as xorriso wrote it over the first descriptor', async () => {
    const image = join(folder, 'sessions.iso');
    run('xorriso', ['-outdev', image, '-map', plain, '/one', '-commit']);
    run('xorriso', ['-dev', image, '-map', plain, '/two', '-rm', '/one/noext', '--', '-commit']);
    await using session = await browse(await openRawPoint(image));
    expect(await namesOf(session, '/')).toEqual(['one', 'two']);
    expect(await namesOf(session, '/one')).not.toContain('noext');
    expect(await namesOf(session, '/two')).toContain('noext');
  });

  it('of level 3 gives a file of more than 4 GiB, which has several parts', {
    timeout: 180_000,
  }, async () => {
    const [large, image] = [join(folder, 'large'), join(folder, 'large.iso')];
    await mkdir(large);
    const sizeBytes = 4 * GIB + 200_000_001;
    const places = [0, GIB + 5, 4 * GIB - 5000, sizeBytes - 10_000];
    const file = await open(join(large, 'large.bin'), 'w');
    for (const at of places) await file.write(noise(10_000, `${at}`), 0, 10_000, at);
    await file.close();
    // discs have no holes: what it writes is zeros is left out of the file system that the test lies on
    const command =
      'xorriso -as mkisofs -quiet -R -iso-level 3 -o - "$1" | cp --sparse=always /dev/stdin "$2"';
    run('sh', ['-c', command, 'sh', large, image]);
    await using session = await browse(await openRawPoint(image));
    const { reader, stat } = await session.find('/large.bin');
    expect(stat.sizeBytes).toBe(sizeBytes);
    const range = { offset: 0, length: sizeBytes };
    expect(await collect(reader.extents(stat.node, range))).toEqual([{ ...range, kind: 'data' }]);
    for (const at of places) {
      const pieces = await collect(reader.read(stat.node, { offset: at - 100, length: 10_200 }));
      const bytes = Buffer.concat(pieces.map((piece) => piece.bytes));
      const start = at === 0 ? 0 : 100;
      expect(bytes.subarray(start, start + 10_000)).toEqual(noise(10_000, `${at}`));
      if (at > 0) expect(bytes.subarray(0, 100)).toEqual(Buffer.alloc(100));
    }
    expect(run('bsdtar', ['-tvf', image])).toContain(` ${sizeBytes} `);
  });
});
