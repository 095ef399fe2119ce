import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { table } from './generated-blocks.ts';

/** The published packages with their one sentence, from their package.json. */
export async function packageTable(root: string): Promise<string> {
  const folders = (await readdir(join(root, 'packages'))).sort();
  const rows = await Promise.all(
    folders.map(async (folder) => {
      const text = await readFile(join(root, 'packages', folder, 'package.json'), 'utf8');
      const { name, description } = JSON.parse(text) as { name: string; description: string };
      return [`[\`${name}\`](packages/${folder})`, description];
    }),
  );
  return table(['package', 'what it is'], rows);
}
