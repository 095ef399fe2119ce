import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cliReference } from './docs/cli-reference.ts';
import { errorTable, fullReasonTable } from './docs/error-table.ts';
import { type GeneratedBlock, replaceBlocks } from './docs/generated-blocks.ts';
import { packageTable } from './docs/package-table.ts';
import { notProven, supportMatrix } from './docs/support-matrix.ts';

/** Writes the generated parts of the documents; with `--check` it only tells which are out of date (exit code 1). */
async function main(): Promise<void> {
  const root = join(import.meta.dirname, '..');
  const check = process.argv.includes('--check');
  const documents: Readonly<Record<string, readonly GeneratedBlock[]>> = {
    'README.md': [{ name: 'packages', text: await packageTable(root) }],
    'docs/support-matrix.md': [
      { name: 'matrix', text: supportMatrix() },
      { name: 'not-proven', text: notProven() },
    ],
    'docs/cli.md': [{ name: 'cli', text: cliReference() }],
    'docs/errors.md': [
      { name: 'errors', text: errorTable() },
      { name: 'full-reasons', text: fullReasonTable() },
    ],
  };
  for (const [file, blocks] of Object.entries(documents)) {
    const path = join(root, file);
    const before = await readFile(path, 'utf8');
    const after = replaceBlocks(before, blocks, file);
    if (after === before) continue;
    if (check) {
      process.stderr.write(`${file} is out of date: run \`npm run docs:generate\`\n`);
      process.exitCode = 1;
    } else await writeFile(path, after);
  }
}

await main();
