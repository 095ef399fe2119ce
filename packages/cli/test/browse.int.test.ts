import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ctlJson, runCtl } from './run-ctl.ts';
import { noise } from './sample-disk.ts';

const CONTENT = noise(1_500_000, 'content');

const MANY = 10_500;

let home = '';

/** A disk with an ext4 file system, and nothing else. */
async function makeDisk(): Promise<void> {
  const tree = join(home, 'tree');
  await mkdir(join(tree, 'docs', 'deep'), { recursive: true });
  await writeFile(join(tree, 'docs', 'content'), CONTENT, { mode: 0o640 });
  await writeFile(join(tree, 'docs', 'deep', 'é'), 'deep');
  await mkdir(join(tree, 'many'));
  for (let index = 0; index < MANY; index += 1) await writeFile(join(tree, 'many', `file ${index}`), '');
  const env = { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
  const args = ['-q', '-F', '-t', 'ext4', '-d', tree, join(home, 'disk.raw'), '64M'];
  execFileSync('mke2fs', args, { env, stdio: 'pipe' });
}

describeWithPeers(['ext4-tools', 'zip-tools'], 'the files of a recovery point', () => {
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'sendense-browse-'));
    await makeDisk();
  });
  afterAll(() => rm(home, { recursive: true, force: true }));

  describe.each([
    ['local:plain', {}],
    ['dir:objects', { SENDENSE_PASSPHRASE: 'correct horse' }],
  ])('in %s', (repository, env) => {
    const flags = ['--repository', repository];
    let point: string[] = [];
    const browse = (path: string, ...more: string[]) =>
      ctlJson(home, ['backup', 'browse', ...point, '--path', path, ...more], 0, env);

    beforeAll(async () => {
      await ctlJson(home, ['repository', 'init', ...flags], 0, env);
      const made = await ctlJson(home, ['backup', 'start', '--source', 'image:disk.raw', ...flags], 0, env);
      point = [...flags, '--backup-id', String(made.pointId)];
    });

    it('are listed by backup browse, with the fields that scripts rely on', async () => {
      const { entries, volumes, volume, findings, next } = await browse('/docs');
      expect(entries).toMatchObject([
        { name: 'content', type: 'file', sizeBytes: CONTENT.byteLength, mode: '0640' },
        { name: 'deep', type: 'directory', mode: expect.stringMatching(/^0[0-7]{3}$/u) as string },
      ]);
      for (const { mtime } of entries as { mtime: string }[])
        expect(new Date(mtime).toISOString()).toBe(mtime);
      expect(volumes).toMatchObject([{ id: 'disk-0', fileSystem: 'ext4', access: 'in-process' }]);
      expect({ volume, findings, next }).toEqual({ volume: 'disk-0', findings: [], next: null });
    });

    it('are listed in pages when a limit is given', async () => {
      const first = await browse('/docs', '--limit', '1');
      const second = await browse('/docs', '--limit', '1', '--from', String(first.next));
      const names = [first, second].flatMap(({ entries }) =>
        (entries as { name: string }[]).map(({ name }) => name),
      );
      expect(names.sort()).toEqual(['content', 'deep']);
    });

    it('are listed in parts of 10,000 when no limit is given', async () => {
      const first = await browse('/many');
      expect(first.entries).toHaveLength(10_000);
      expect(first.next).toMatch(/^\d+$/u);
      const second = await browse('/many', '--from', String(first.next));
      expect(second.next).toBeNull();
      const names = [first, second].flatMap(({ entries }) => {
        const part = (entries as { name: string }[]).map(({ name }) => name);
        expect(part).toEqual(part.toSorted());
        return part;
      });
      expect(new Set(names).size).toBe(MANY);
      expect(names).toHaveLength(MANY);
      const text = await runCtl(home, ['backup', 'browse', ...point, '--path', '/many'], env);
      expect(text.stdout).toContain(`go on with --from ${String(first.next)}`);
    });

    it('are taken out by backup extract: a file as it is, a folder as an archive', async () => {
      const extract = (file: string, output: string, ...more: string[]) =>
        ctlJson(
          home,
          ['backup', 'extract', ...point, '--file', file, '--output', output, '--overwrite', ...more],
          0,
          env,
        );
      expect(await extract('/docs/content', 'content.out')).toMatchObject({
        bytesWritten: CONTENT.byteLength,
      });
      expect(await readFile(join(home, 'content.out'))).toEqual(CONTENT);
      const { format, sizeBytes } = await extract('/docs', 'docs.tar');
      expect(format).toBe('tar');
      expect((await readFile(join(home, 'docs.tar'))).byteLength).toBe(sizeBytes);
      const listed = execFileSync(
        'tar',
        ['--list', '--file', join(home, 'docs.tar'), '--quoting-style=literal'],
        { encoding: 'utf8' },
      );
      expect(listed.trim().split('\n').sort()).toEqual([
        'docs/',
        'docs/content',
        'docs/deep/',
        'docs/deep/é',
      ]);
      expect((await extract('/docs', 'docs.zip')).format).toBe('zip');
      const unzip = ['-p', join(home, 'docs.zip'), 'docs/content'];
      expect(execFileSync('unzip', unzip, { maxBuffer: 2 * CONTENT.byteLength })).toEqual(CONTENT);
      // a file keeps its bytes, whatever the name of the output says
      expect(await extract('/docs/content', 'content.zip')).toMatchObject({ format: 'file' });
      expect(await readFile(join(home, 'content.zip'))).toEqual(CONTENT);
    });

    it('that are not there are told by NOT_FOUND, and an output that exists is not replaced', async () => {
      expect(await ctlJson(home, ['backup', 'browse', ...point, '--path', '/nowhere'], 1, env)).toMatchObject(
        {
          error: { code: 'NOT_FOUND' },
        },
      );
      const extract = ['backup', 'extract', ...point, '--file', '/docs/content', '--output', 'disk.raw'];
      expect(await ctlJson(home, extract, 1, env)).toMatchObject({ error: { code: 'ALREADY_EXISTS' } });
      expect((await runCtl(home, ['backup', 'extract', ...point, '--file', '/x'], env)).code).toBe(2);
    });
  });
});
