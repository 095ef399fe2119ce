import { resolve } from 'node:path';
import { SendenseError } from '@sendense/core';
import { type MountedPoint, mountPoint } from '@sendense/file-mount';
import type { Command } from 'commander';
import { describeFindings, findingLines } from '../output/describe-findings.ts';
import { describeMountedVolumes } from '../output/describe-mounts.ts';
import { collectText, parsePositive, parseText } from '../program/flag-values.ts';
import { backupIdFlag, repositoryFlag } from '../program/shared-flags.ts';
import { findPoint, readPoints } from '../session/find-points.ts';
import { type AskedMount, mountInBackground } from '../session/mount-in-background.ts';
import { mountsDirectory } from '../session/mount-place.ts';
import { openRepository } from '../session/open-repository.ts';
import type { Session } from '../session/session.ts';
import { defineVerb } from '../verb.ts';

const MS_PER_MINUTE = 60_000;

function flags(command: Command): Command {
  return backupIdFlag(repositoryFlag(command))
    .option(
      '--path <folder>',
      'shows the files: an empty folder, or one to make (default: one in the state folder)',
      parseText,
    )
    .option(
      '--volume <volume>',
      'a volume of the point, as browse names it; may be repeated (default: all that can be mounted)',
      collectText,
    )
    .option(
      '--trust-image',
      'needed: the disks come from a machine that is trusted with this one, whose drivers read what was written there',
    )
    .option('--idle <minutes>', 'end when nobody used it for so long (default: 60)', parsePositive)
    .option('--foreground', 'serve it in this process, until it is stopped');
}

/** `backup mount` */
export const backupMount = defineVerb<AskedMount>({
  words: ['backup', 'mount'],
  summary: 'show the files of a recovery point in a folder, read-only; as root',
  flags,
  async run(session, options) {
    if (options.foreground !== true) return mountInBackground(session, options);
    const hangup = new AbortController();
    // before it begins: a SIGHUP that nobody listens for would end this process as it stands
    const endHangup = session.host.onHangup(() => {
      hangup.abort(new SendenseError('ABORTED', 'the terminal is gone', { operation: 'mount-point' }));
    });
    const signal = AbortSignal.any([session.stop.signal, hangup.signal]);
    const mounted = session.own(await openMount(session, options, signal));
    const first = options.json === true ? [JSON.stringify(describeMount(mounted))] : mountedLines(mounted);
    for (const line of first) session.host.stdout.write(`${line}\n`);
    const known = mounted.findings.length;
    const ended = await endOf(signal, mounted);
    endHangup();
    return { json: { ...describeMount(mounted), ended }, lines: findingLines(mounted.findings.slice(known)) };
  },
});

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

function describeMount({ id, path, volumes, findings }: MountedPoint) {
  return {
    mountId: id,
    mountPath: path,
    access: 'mounted',
    volumes: describeMountedVolumes(volumes),
    findings: describeFindings(findings),
  };
}

function mountedLines({ id, path, findings }: MountedPoint): string[] {
  return [`mounted at ${path}; end it with: sendense-ctl backup unmount ${id}`, ...findingLines(findings)];
}

/** Why it ended; a signal ends it too. */
async function endOf(signal: AbortSignal, mounted: MountedPoint): Promise<string> {
  const close = () => void mounted.close().catch(() => undefined); // `ended` tells
  if (signal.aborted) close();
  signal.addEventListener('abort', close, { once: true });
  return mounted.ended;
}
