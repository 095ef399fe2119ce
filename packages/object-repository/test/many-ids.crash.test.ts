import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);
const PROGRAM = join(import.meta.dirname, 'many-ids-process.ts');
const IDS = 2_000_000;

it(`a repository of ${IDS} distinct chunks is listed, backed up into and pruned in less than 256 MiB`, async () => {
  const path = await mkdtemp(join(tmpdir(), 'sendense-many-ids-'));
  try {
    const flags = ['--conditions=@sendense/source', '--disable-warning=ExperimentalWarning', PROGRAM];
    await run(process.execPath, [...flags, 'make', path, String(IDS)]);
    const { stdout } = await run(process.execPath, [...flags, 'use', path]);
    process.stdout.write(`object repository, ${IDS} ids: ${stdout}`);
    const told: { points?: number; plans?: number; peakMib?: number } = JSON.parse(stdout);
    expect(told.points).toBe(1);
    expect(told.plans).toBe(0); // everything is needed
    expect(told.peakMib).toBeLessThan(256);
  } finally {
    await rm(path, { recursive: true });
  }
});
