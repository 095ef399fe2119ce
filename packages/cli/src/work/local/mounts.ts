import { resolve } from 'node:path';
import { type Finding, SendenseError } from '@sendense/core';
import { listMounts as listKept, type MountedPoint, mountPoint, unmountPoint } from '@sendense/file-mount';
import { describeFindings } from '../../output/describe-findings.ts';
import {
  describeMountedVolumes,
  describeMounts,
  mountedLines,
  type PrintedMounted,
} from '../../output/describe-mounts.ts';
import { findPoint, readPoints } from '../../session/find-points.ts';
import { type AskedMount, mountInBackground } from '../../session/mount-in-background.ts';
import { mountsDirectory } from '../../session/mount-place.ts';
import { openRepository } from '../../session/open-repository.ts';
import type { Session } from '../../session/session.ts';
import type { MountOutcome, PrintedMounts, PrintedUnmounted, UnmountOptions } from '../work.ts';

const MS_PER_MINUTE = 60_000;

/** Shows a point in a folder: by a process of its own, or by this one until it is stopped. */
export async function mount(session: Session, options: AskedMount): Promise<MountOutcome> {
  if (options.foreground !== true) return { mounted: await mountInBackground(session, options), ended: null };
  const hangup = new AbortController();
  // before it begins: a SIGHUP that nobody listens for would end this process as it stands
  const endHangup = session.host.onHangup(() => {
    hangup.abort(new SendenseError('ABORTED', 'the terminal is gone', { operation: 'mount-point' }));
  });
  const signal = AbortSignal.any([session.stop.signal, hangup.signal]);
  const mounted = session.own(await openMount(session, options, signal));
  const begun = describeMount(mounted);
  const first = options.json === true ? [JSON.stringify(begun)] : mountedLines(begun);
  for (const line of first) session.host.stdout.write(`${line}\n`);
  const why = await endOf(signal, mounted);
  endHangup();
  const now = describeMount(mounted);
  return { mounted: now, ended: { why, findings: now.findings.slice(begun.findings.length) } };
}

/** What was mounted, also what nobody serves any more. */
export async function listMounts(session: Session): Promise<PrintedMounts> {
  const findings: Finding[] = [];
  const mounts = await listKept(mountsDirectory(session), (finding) => findings.push(finding));
  return { mounts: describeMounts(mounts), findings: describeFindings(findings) };
}

/** Ends a mount, whichever process serves it. */
export async function unmount(
  session: Session,
  { mount: named, isFolder, force }: UnmountOptions,
): Promise<PrintedUnmounted> {
  const { record, findings } = await unmountPoint({
    directory: mountsDirectory(session),
    mount: isFolder ? resolve(session.host.workingDirectory, named) : named,
    force,
  });
  return { mountId: record.id, mountPath: record.path, findings: describeFindings(findings) };
}

async function openMount(session: Session, options: AskedMount, signal: AbortSignal): Promise<MountedPoint> {
  const { repository } = await openRepository(session, options, session.drivers());
  const { id } = findPoint(await readPoints(repository, { signal }), options.backupId);
  const { path, volume, trustImage, idle } = options;
  return mountPoint(
    await repository.open(id, { signal }),
    {
      directory: mountsDirectory(session),
      trustImage: trustImage === true,
      dedicated: true,
      ...(path === undefined ? {} : { path: resolve(session.host.workingDirectory, path) }),
      ...(volume === undefined ? {} : { volumes: [...volume] }),
      ...(idle === undefined ? {} : { idleMs: idle * MS_PER_MINUTE }),
    },
    { signal },
  );
}

function describeMount({ id, path, volumes, findings }: MountedPoint): PrintedMounted {
  return {
    mountId: id,
    mountPath: path,
    access: 'mounted',
    volumes: describeMountedVolumes(volumes),
    findings: describeFindings(findings),
  };
}

/** Why it ended; a signal ends it too. */
async function endOf(signal: AbortSignal, mounted: MountedPoint): Promise<string> {
  const close = () => void mounted.close().catch(() => undefined); // `ended` tells
  if (signal.aborted) close();
  signal.addEventListener('abort', close, { once: true });
  return mounted.ended;
}
