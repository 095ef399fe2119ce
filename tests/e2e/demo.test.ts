import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';

const MIB = 2 ** 20;
const DEMO = path.resolve(import.meta.dirname, '../../examples/demo/main.ts');
const FLAGS = ['--conditions=@sendense/source', '--disable-warning=ExperimentalWarning'];

type Summary = { incremental: { bytesRead: number; changedBytes: number } };

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sendense-demo-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function demo(environment: Record<string, string> = {}) {
  const { stdout, stderr } = await execa(process.execPath, [...FLAGS, DEMO, '--json'], {
    env: { TMPDIR: folder, ...environment },
  });
  return { summary: JSON.parse(stdout.split('\n').at(-1) ?? '') as Summary, story: stderr };
}

const proven = [
  { point: expect.any(String), format: 'raw', verified: true },
  { point: expect.any(String), format: 'qcow2', verified: true },
];

it('backs up the disk of a running QEMU while it is written to, reads only what changed, and proves both points', async () => {
  const { summary, story } = await demo();
  expect(summary).toMatchObject({
    source: 'qemu',
    full: { bytesRead: expect.any(Number), bytesStored: expect.any(Number), durationMs: expect.any(Number) },
    incremental: { kind: 'incremental' },
    restores: proven,
  });
  expect(story.match(/meanwhile the machine wrote \S+ \S+ in [1-9]\d* writes/g)).toHaveLength(2);
  const { incremental } = summary;
  expect(incremental.bytesRead).toBeLessThanOrEqual(1.05 * incremental.changedBytes);
  expect(incremental.changedBytes).toBeLessThan(16 * MIB);
});

it('backs up the image file without QEMU, and says so', async () => {
  const { summary, story } = await demo({ PATH: folder });
  expect(summary).toMatchObject({ source: 'image', incremental: { kind: 'incremental' }, restores: proven });
  expect(story).toContain('because qemu-system-x86_64 is not installed');
});
