import { chmod, link, lutimes, mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './program.ts';
import { noise } from './sample-tree.ts';

/** A time long ago, in seconds. */
const OLD = 1_234_567_890;
const DEPTH = 12;
/** Longer than a record of a folder has room for. */
const LONG_TARGET = `etc/${'../etc/'.repeat(40)}passwd`;
const LONG_NAME = 'long name of a file – 文件 '.repeat(8).slice(0, 200);

/** Fills a folder with what discs can keep for machines of POSIX. */
export async function fillForDisc(root: string): Promise<void> {
  const deep = join(root, ...Array.from({ length: DEPTH }, (_, index) => `level-${index}`));
  await mkdir(deep, { recursive: true });
  await writeFile(join(deep, 'deepest'), 'far down');
  await mkdir(join(root, 'etc'));
  await mkdir(join(root, 'empty folder'));
  await writeFile(join(root, 'etc', 'passwd'), 'root:x:0:0::/root:/bin/sh\n');
  await writeFile(join(root, 'empty'), '');
  await writeFile(join(root, 'noise.bin'), noise(1_000_003, 'noise'));
  await writeFile(join(root, 'text.txt'), 'a line that repeats\n'.repeat(20_000));
  await writeFile(join(root, 'zeros'), Buffer.concat([Buffer.alloc(200_000), Buffer.from('end')]));
  await writeFile(join(root, 'ünïcödé – 文件 🗂.tar.gz'), 'unicode');
  await writeFile(join(root, LONG_NAME), 'long');
  await link(join(root, 'noise.bin'), join(root, 'etc', 'noise again'));
  await symlink('etc/passwd', join(root, 'link'));
  await symlink('/etc/./passwd', join(root, 'absolute'));
  await symlink('../../../etc/passwd', join(root, 'etc', 'climbing'));
  await symlink(LONG_TARGET, join(root, 'long link'));
  await symlink(`${'x'.repeat(255)}/end`, join(root, 'link with a long part'));
  run('mkfifo', [join(root, 'pipe')]);
  await chmod(join(root, 'etc', 'passwd'), 0o640);
  await chmod(join(root, 'empty'), 0o4755);
  await utimes(join(root, 'noise.bin'), OLD, OLD);
  await lutimes(join(root, 'link'), OLD, OLD);
}

/** A small tree of names that all trees of a disc can keep. */
export async function fillPlainly(root: string): Promise<void> {
  await mkdir(join(root, 'Folder', 'Größe – 文件'), { recursive: true });
  await writeFile(join(root, 'Folder', 'Größe – 文件', 'Inside.txt'), noise(5000, 'inside'));
  await writeFile(join(root, 'Read me.text'), 'read me');
  await writeFile(join(root, 'noext'), 'no dot');
  await utimes(join(root, 'noext'), OLD, OLD);
}

/** What bsdtar takes out of an image. */
export async function unpackIso(image: string, options: readonly string[] = []): Promise<string> {
  const out = `${image}.out`;
  await mkdir(out);
  run('bsdtar', ['-x', '-p', '-f', image, '-C', out, ...options]);
  return out;
}
