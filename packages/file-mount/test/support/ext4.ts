import { run } from './program.ts';

/** Makes an ext4 file system in a file, with what is in `tree`. */
export function makeExt4(image: string, size: string, tree?: string): void {
  const filled = tree === undefined ? [] : ['-d', tree];
  const features = ['-j', '-I', '256', '-O', 'extent,metadata_csum,64bit'];
  run('mke2fs', ['-q', '-F', '-t', 'ext4', ...features, ...filled, image, size]);
}
