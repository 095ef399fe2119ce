import { createFileDriver } from '@sendense/blockio-file';
import { SendenseError } from '@sendense/core';
import { type MountOptions, mountPoint } from '../src/index.ts';
import { pointOf } from './support/raw-point.ts';

/** A mount in a process of its own, which a test can kill: `mount-process.ts OPTIONS DISK…`. It tells what it mounted, or why not. */
const [options = '', ...disks] = process.argv.slice(2);
const driver = createFileDriver();
const readers = await Promise.all(disks.map((path) => driver.openReader({ kind: 'file', path })));
try {
  const mounted = await mountPoint(pointOf(readers), JSON.parse(options) as MountOptions);
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => void mounted.close().catch(() => undefined)); // `ended` tells
  const { id, path, volumes, findings } = mounted;
  process.stdout.write(`${JSON.stringify({ id, path, volumes, findings })}\n`);
  const end = await mounted.ended;
  process.stdout.write(`${JSON.stringify({ end, findings: mounted.findings })}\n`);
} catch (error) {
  if (!SendenseError.is(error)) throw error;
  process.stdout.write(`${JSON.stringify({ error })}\n`);
}
