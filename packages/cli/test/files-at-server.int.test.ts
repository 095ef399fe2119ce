import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ctlJson } from './run-ctl.ts';
import { noise } from './sample-disk.ts';
import { makeServerScene, type ServerScene } from './server-scene.ts';

const CONFIG = {
  sources: { web: { at: 'image:disk.raw', format: 'raw', machineName: 'web' } },
  repositories: { main: 'local:backups' },
};

let scene: ServerScene;
let point: readonly string[] = [];
let url = '';

/** A disk with an ext4 file system, and nothing else. */
async function makeDisk(home: string): Promise<void> {
  await mkdir(join(home, 'tree', 'docs', 'deep'), { recursive: true });
  await writeFile(join(home, 'tree', 'docs', 'content'), noise(1_500_000, 'content'), { mode: 0o640 });
  await writeFile(join(home, 'tree', 'docs', 'deep', 'é'), 'deep');
  const env = { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
  const args = ['-q', '-F', '-t', 'ext4', '-d', join(home, 'tree'), join(home, 'disk.raw'), '64M'];
  execFileSync('mke2fs', args, { env, stdio: 'pipe' });
}

const embedded = (args: readonly string[], code = 0) => ctlJson(scene.home, [...args, ...point], code);
const served = (args: readonly string[], code = 0) =>
  ctlJson(scene.away, [...args, ...point, '--server', url], code);

describeWithPeers(['ext4-tools'], 'the files of a recovery point at a server', () => {
  beforeAll(async () => {
    scene = await makeServerScene(CONFIG);
    await makeDisk(scene.home);
    await ctlJson(scene.home, ['repository', 'init', '--repository', 'main']);
    const start = ['backup', 'start', '--source', 'web', '--repository', 'main'];
    const { pointId } = await ctlJson(scene.home, start);
    point = ['--repository', 'main', '--backup-id', String(pointId)];
    ({ url } = await scene.serve());
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  it('are listed as in this process, whole and in pages', async () => {
    for (const more of [[], ['--path', '/docs'], ['--path', '/docs', '--limit', '1']]) {
      const here = await embedded(['backup', 'browse', ...more]);
      expect(here.entries).not.toEqual([]);
      expect(await served(['backup', 'browse', ...more])).toEqual(here);
    }
    const first = await served(['backup', 'browse', '--path', '/docs', '--limit', '1']);
    const next = ['backup', 'browse', '--path', '/docs', '--limit', '1', '--from', String(first.next)];
    expect(await served(next)).toEqual(await embedded(next));
  });

  it.each([
    ['/docs/content', 'content', 'file'],
    ['/docs/content', 'content.zip', 'file'],
    ['/docs', 'docs.tar', 'tar'],
    ['/docs', 'docs.zip', 'zip'],
  ])('%s is taken out to %s as in this process', async (file, output, format) => {
    const extract = ['backup', 'extract', '--file', file, '--output', output];
    const here = await embedded(extract);
    const there = await served(extract);
    expect(here).toMatchObject({ format, output: join(scene.home, output) });
    expect(there).toEqual({ ...here, output: join(scene.away, output) });
    const [ours, theirs] = await Promise.all(
      [scene.home, scene.away].map((folder) => readFile(join(folder, output))),
    );
    expect(ours !== undefined && theirs?.equals(ours)).toBe(true);
    expect(await served(extract, 1)).toMatchObject({ error: { code: 'ALREADY_EXISTS' } });
    expect(await served([...extract, '--overwrite'])).toEqual(there);
    expect((await readdir(scene.away)).filter((name) => name.includes('.partial'))).toEqual([]);
  });

  it('that are not there are NOT_FOUND, and leave nothing', async () => {
    for (const args of [
      ['backup', 'browse', '--path', '/nowhere'],
      ['backup', 'extract', '--file', '/nowhere', '--output', 'nowhere'],
    ]) {
      expect(await embedded(args, 1)).toMatchObject({ error: { code: 'NOT_FOUND' } });
      expect(await served(args, 1)).toMatchObject({ error: { code: 'NOT_FOUND' } });
    }
    expect(await readdir(scene.away)).not.toContain('nowhere');
  });
});
