import { randomUUID } from 'node:crypto';
import { captureId } from '@sendense/core';
import { createQemuSource, qemuSourceOptionsSchema } from '@sendense/source-qemu';
import { z } from 'zod';
import { receive, STREAM } from './live-bench.ts';
import { machineOf } from './live-fixture.ts';

// Two backups, and what comes after them, as a user without other rights; prints how they went.

const { options, user } = z
  .object({ options: qemuSourceOptionsSchema, user: z.int() })
  .parse(JSON.parse(process.argv[2] ?? ''));
process.setgroups?.([]);
process.setgid?.(user);
process.setuid?.(user);

await using source = createQemuSource(options);
const machine = await machineOf(source);
const said: unknown[] = [];
const backup = async (since: Parameters<typeof source.retire>[0]) => {
  await using capture = await source.capture({
    id: captureId(randomUUID()),
    stream: STREAM,
    machine,
    since,
    consistency: { want: 'filesystem', accept: 'crash' },
  });
  await receive(
    capture,
    capture.disks.map(({ sizeBytes }) => Buffer.alloc(sizeBytes)),
  );
  const state = await capture.seal();
  const findings = [...capture.findings, ...(await capture.commit())];
  for (const { changes } of capture.disks) {
    said.push({ kind: changes.kind, consistency: capture.consistency, findings });
  }
  return state === null ? [] : [state];
};
const first = await backup([]);
const second = await backup(first);
await source.retire(first);
const keep = { owner: 'sendense', states: second, captures: [], restores: [], replicas: [], graceMs: 0 };
const { findings } = await source.reconcile(keep);
process.stdout.write(`${JSON.stringify([...said, { reconciled: findings }])}\n`);
