import { createHash } from 'node:crypto';
import type { FilesOptions } from '../src/index.ts';
import { browseByWays } from './support/browse-by-ways.ts';

/** Reads all files of disks at once, and tells the digest of each: `read-all-process.ts OPTIONS DISK…`. */
const [options = '', ...disks] = process.argv.slice(2);
await using session = await browseByWays(JSON.parse(options) as FilesOptions, ...disks);
const paths: string[] = [];
const folders = ['/'];
for (let folder = folders.pop(); folder !== undefined; folder = folders.pop())
  for (const { name, stat } of (await session.list(folder)).entries) {
    const path = `${folder}${name}`;
    if (stat?.type === 'directory') folders.push(`${path}/`);
    if (stat?.type === 'file') paths.push(path);
  }
const digests = await Promise.all(
  paths.map(async (path) => {
    const hash = createHash('sha256');
    const found = await session.find(path);
    for await (const bytes of session.bytes(found, { offset: 0, length: found.stat.sizeBytes }))
      hash.update(bytes);
    return [path.slice(1), hash.digest('hex')];
  }),
);
process.stdout.write(JSON.stringify(digests));
