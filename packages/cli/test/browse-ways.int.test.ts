import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ctlJson, jsonOf, runCtl } from './run-ctl.ts';
import { noise } from './sample-disk.ts';

const CONTENT = noise(300_000, 'ways');

let home = '';
let point: readonly string[] = [];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'sendense-ways-'));
  await mkdir(join(home, 'tree', 'docs'), { recursive: true });
  await writeFile(join(home, 'tree', 'docs', 'content'), CONTENT);
  const env = { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
  const args = [join(home, 'tree'), join(home, 'disk.raw'), '-noappend', '-quiet', '-no-progress'];
  execFileSync('mksquashfs', args, { env, stdio: 'pipe' });
  const repository = ['--repository', 'backups'];
  await ctlJson(home, ['repository', 'init', ...repository]);
  const made = await ctlJson(home, ['backup', 'start', '--source', 'image:disk.raw', ...repository]);
  point = [...repository, '--backup-id', String(made.pointId)];
});
afterEach(() => rm(home, { recursive: true, force: true }));

const browse = (...more: readonly string[]) => ['backup', 'browse', ...point, ...more];

describeWithPeers(
  ['squashfs-tools', 'loop-mounts', 'qemu-storage-daemon', 'fuse'],
  'the files of a file system that is not read in process',
  () => {
    it('are listed and taken out by a mount once the disk is trusted, and nothing stays mounted', async () => {
      const listed = await ctlJson(home, browse('--trust-image', '--path', '/docs'));
      expect(listed).toMatchObject({
        entries: [{ name: 'content', sizeBytes: CONTENT.byteLength }],
        volumes: [{ fileSystem: 'squashfs', access: 'mounted' }],
        findings: [{ severity: 'info', code: 'volume-mounted' }],
      });
      const output = join(home, 'content');
      const file = ['--file', '/docs/content', '--output', output];
      await ctlJson(home, ['backup', 'extract', ...point, ...file, '--trust-image']);
      expect((await readFile(output)).equals(CONTENT)).toBe(true);
      expect(await ctlJson(home, ['backup', 'mounts'])).toMatchObject({ mounts: [] });
      expect(await readFile('/proc/self/mountinfo', 'utf8')).not.toContain(home);
    });

    it('are not read without a word of trust, which the answer tells', async () => {
      const run = await runCtl(home, browse('--way', 'mounted', '--path', '/docs', '--json'));
      expect(run.code).toBe(1);
      expect(jsonOf(run)).toMatchObject({
        error: { code: 'FORMAT_UNSUPPORTED', message: expect.stringContaining('trustImage') as string },
      });
    });
  },
);

it('a way that there is not is refused by name', async () => {
  const run = await runCtl(home, browse('--way', 'magic', '--json'));
  expect(run.code).toBe(2);
  expect(jsonOf(run)).toMatchObject({ error: { message: expect.stringContaining('appliance') as string } });
});
