import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { extractToFile } from '../src/extract/extract-to-file.ts';
import type { BrowseSession } from '../src/session/browse-session.ts';
import { browse, contentOf, namesOf } from './support/browse.ts';
import { run } from './support/program.ts';
import { openRawPoint } from './support/raw-point.ts';
import { noise } from './support/sample-tree.ts';

const KINDS = [
  ['fat12', '8M', ['-F', '12']],
  ['fat16', '64M', ['-F', '16']],
  ['fat32', '300M', ['-F', '32']],
] as const;
const LONG = 'A long name with ünïcödé and 文件, of more than thirteen characters.text';
const TIME = Date.UTC(2021, 4, 6, 7, 8, 10) / 1000;

let folder = '';
let tree = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-fat-'));
  tree = join(folder, 'tree');
  await mkdir(join(tree, 'deep', 'er'), { recursive: true });
  await mkdir(join(tree, 'many'));
  await writeFile(join(tree, 'noise.bin'), noise(2_000_003, 'noise'));
  await writeFile(join(tree, 'empty'), '');
  await writeFile(join(tree, 'deep', 'er', LONG), 'long');
  for (let index = 0; index < 300; index += 1)
    await writeFile(join(tree, 'many', `file number ${index}`), `${index}`);
  await utimes(join(tree, 'noise.bin'), TIME, TIME);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describeWithPeers(['fat-tools'], 'a disk that mkfs.fat made', () => {
  describe.each(KINDS)('of %s', (kind, size, options) => {
    let session: BrowseSession;

    beforeAll(async () => {
      const image = join(folder, `${kind}.raw`);
      run('truncate', ['-s', size, image]);
      run('mkfs.fat', [...options, '-n', 'SAMPLE', image]);
      const names = ['noise.bin', 'empty', 'deep', 'many'].map((name) => join(tree, name));
      // a name removed and others put in its place: chains do not lie together
      run('mcopy', ['-i', image, '-s', join(tree, 'many'), '::gone']);
      run('mdeltree', ['-i', image, '::gone']);
      run('mcopy', ['-i', image, '-s', '-m', ...names, '::']);
      session = await browse(await openRawPoint(image));
    });
    afterAll(() => session[Symbol.asyncDispose]());

    it('is told by its kind and label', () => {
      expect(session.volumes).toMatchObject([{ id: 'disk-0', fileSystem: kind, fileSystemLabel: 'SAMPLE' }]);
      expect(session.findings).toEqual([]);
    });

    it('lists short and long names, in pages of any size', async () => {
      expect((await namesOf(session, '/')).sort()).toEqual(['deep', 'empty', 'many', 'noise.bin']);
      const many = await namesOf(session, '/many');
      expect(many).toHaveLength(300);
      expect(await namesOf(session, '/many', 7)).toEqual(many);
      expect(await namesOf(session, '/deep/er')).toEqual([LONG]);
    });

    it('gives the bytes, sizes and times that were put in, whatever the case of the name', async () => {
      expect((await contentOf(session, '/noise.bin')).equals(noise(2_000_003, 'noise'))).toBe(true);
      expect(String(await contentOf(session, `/DEEP/er/${LONG}`))).toBe('long');
      expect(String(await contentOf(session, '/many/file number 299'))).toBe('299');
      expect(await session.stat('/noise.bin')).toMatchObject({
        type: 'file',
        sizeBytes: 2_000_003,
        mode: 0o644,
        mtimeNs: BigInt(TIME) * 1_000_000_000n,
      });
      expect((await session.stat('/empty')).sizeBytes).toBe(0);
    });

    it('is taken out whole as an archive', async () => {
      const output = join(folder, `${kind}.tar`);
      expect(await extractToFile({ session, path: '/', output, overwrite: false })).toMatchObject({
        findings: [],
      });
      const out = join(folder, `${kind}.out`);
      await mkdir(out);
      run('tar', ['--extract', '--file', output, '--directory', out]);
      run('diff', ['--recursive', out, tree]);
    });
  });
});
