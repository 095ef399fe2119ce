import { readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { replaceBlocks } from '../../tools/docs/generated-blocks.ts';
import { root } from '../../tools/workspace.ts';
import { curvePicture } from './curve-picture.ts';
import { performanceBlocks, picturePath } from './performance-blocks.ts';
import { type Records, readRecords } from './store.ts';

const DOCUMENT = 'docs/performance.md';

/** Why rows are missed, by name, written by people: `bench/reasons.json`. */
function readReasons(): Readonly<Record<string, string>> {
  const text = readFileSync(new URL('../reasons.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { reasons: Record<string, string> }).reasons;
}

/** The files that are made from records, relative to the checkout, with what they hold: the document and its pictures. */
export async function performanceFiles(
  records: Records = readRecords(),
): Promise<Readonly<Record<string, string>>> {
  const before = await readFile(path.join(root, DOCUMENT), 'utf8');
  const pictures = records.curves.map(
    (curve) => [`docs/${picturePath(curve)}`, curvePicture(curve)] as const,
  );
  const document = replaceBlocks(before, performanceBlocks(records, readReasons()), DOCUMENT);
  return { [DOCUMENT]: document, ...Object.fromEntries(pictures) };
}

/** Writes the document and its pictures from the records. */
export async function writePerformanceDocument(): Promise<void> {
  for (const [file, text] of Object.entries(await performanceFiles())) {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await writeFile(path.join(root, file), text);
  }
}
