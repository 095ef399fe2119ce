import { join } from 'node:path';
import type { Call, Finding, Keep, ReconcileReport } from '@sendense/core';
import type { TargetContext } from '../context.ts';
import { type DiskPlace, imageTargetFor, isPartialOfNewDisk } from './disk-place.ts';
import { planOfVariables } from './variables-file.ts';

/** Removes the unfinished disks and unused UEFI variables of the owner's plans that `keep` does not name. */
export async function reconcileLeftovers(
  context: TargetContext,
  keep: Keep,
  call: Call | undefined,
): Promise<ReconcileReport> {
  const removed: string[] = [];
  const findings: Finding[] = [];
  for (const place of await placesToSearch(context, call)) {
    await using target = imageTargetFor(context, place);
    const report = await target.reconcile(keep, call);
    removed.push(...report.removed);
    findings.push(...report.findings);
  }
  removed.push(...(await removeVariables(context, keep, call)));
  return { removed, findings };
}

/** Names in the folder of new disks; none when it is missing. */
async function filesOf({ fileSystem, options: { folder } }: TargetContext): Promise<readonly string[]> {
  return (await fileSystem.stat(folder))?.kind === 'directory' ? await fileSystem.list(folder) : [];
}

/** Where unfinished files can lie: beside new disks, and beside the disks of the domain that has the name. */
async function placesToSearch(context: TargetContext, call: Call | undefined): Promise<readonly DiskPlace[]> {
  const { host, options } = context;
  const partials = (await filesOf(context)).filter((file) => isPartialOfNewDisk(context, file));
  const unfinished = partials.map((file) => join(options.folder, file.replace(/\.partial-.*$/, '')));
  const found = await host.find(options.name, call);
  const existing = found?.domain.disks.flatMap(({ source }) =>
    source?.type === 'file' ? [source.path] : [],
  );
  const paths = new Set([...unfinished, ...(existing ?? [])]);
  return [...paths].map((path) => ({
    path,
    format: path.endsWith('.raw') ? 'raw' : 'qcow2',
    isDevice: false,
  }));
}

/** Variables are named by their plan; they stay as long as a domain names them. */
async function removeVariables(
  context: TargetContext,
  keep: Keep,
  call: Call | undefined,
): Promise<readonly string[]> {
  const { fileSystem, options, clock, host } = context;
  const removed: string[] = [];
  for (const file of await filesOf(context)) {
    const plan = planOfVariables(options, file);
    if (plan?.startsWith(`${keep.owner}-`) !== true || keep.restores.some((kept) => kept === plan)) continue;
    const path = join(options.folder, file);
    const status = await fileSystem.stat(path);
    if (status === undefined || clock.now().getTime() - status.modifiedMs < keep.graceMs) continue;
    const found = await host.find(options.name, call);
    if (found?.domain.firmware.nvram?.path === path) continue;
    await fileSystem.unlink(path);
    removed.push(path);
  }
  return removed;
}
