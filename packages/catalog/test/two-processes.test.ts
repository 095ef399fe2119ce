import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openCatalog } from '@sendense/catalog';
import { expect, it } from 'vitest';

const run = promisify(execFile);
const script = fileURLToPath(new URL('./count-in-journal.ts', import.meta.url));

it('loses no write of several processes at once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sendense-catalog-'));
  const path = join(folder, 'catalog.sqlite');
  const writer = () => run(process.execPath, ['--conditions=@sendense/source', script, path, '100']);
  await Promise.all([writer(), writer(), writer()]);
  await using catalog = await openCatalog({ path });
  expect((await catalog.journal.read('count'))?.value).toBe(300);
  await rm(folder, { recursive: true });
});
