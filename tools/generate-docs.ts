import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { performanceFiles } from '../bench/report/write-document.ts';
import { cliReference } from './docs/cli-reference.ts';
import { errorTable, fullReasonTable } from './docs/error-table.ts';
import { type GeneratedBlock, replaceBlocks } from './docs/generated-blocks.ts';
import { packageTable } from './docs/package-table.ts';
import { formatMatrix, notProven, supportMatrix } from './docs/support-matrix.ts';

/** Writes the generated parts of the documents; with `--check` it only tells which are out of date (exit code 1). */
async function main(): Promise<void> {
  const root = join(import.meta.dirname, '..');
  const check = process.argv.includes('--check');
  const documents: Readonly<Record<string, readonly GeneratedBlock[]>> = {
    'README.md': [{ name: 'packages', text: await packageTable(root) }],
    'docs/support-matrix.md': [
      { name: 'matrix', text: supportMatrix() },
      { name: 'formats', text: formatMatrix() },
      { name: 'not-proven', text: notProven() },
    ],
    'docs/cli.md': [{ name: 'cli', text: cliReference() }],
    'docs/errors.md': [
      { name: 'errors', text: errorTable() },
      { name: 'full-reasons', text: fullReasonTable() },
    ],
  };
  for (const [file, blocks] of Object.entries(documents)) {
    const before = await readFile(join(root, file), 'utf8');
    await settle(root, file, replaceBlocks(before, blocks, file), check);
  }
  for (const [file, text] of Object.entries(await performanceFiles())) await settle(root, file, text, check);
}

/** Makes a file hold `text`, or tells that it does not. */
async function settle(root: string, file: string, text: string, check: boolean): Promise<void> {
  const path = join(root, file);
  const before = await readFile(path, 'utf8').catch(() => null);
  if (text === before) return;
  if (check) {
    process.stderr.write(`${file} is out of date: run \`npm run docs:generate\`\n`);
    process.exitCode = 1;
    return;
  }
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

await main();
