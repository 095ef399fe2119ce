import type { DiskFormat } from '@sendense/core';
import { type ResolvedTarget, resolveTarget } from '@sendense/quickstart';
import { entryAt, findPlace, missingFlag } from '../names/find-place.ts';
import type { Session } from './session.ts';
import { vmwareAccount } from './vmware-account.ts';

/** What a target is opened with. */
export type TargetRequest = {
  /** Default: the configured one. */
  readonly name: string | undefined;
  readonly format: DiskFormat | undefined;
  /** Folders that are never written to. */
  readonly protect: readonly string[];
};

/** Opens the target that a name stands for, for the length of the session. */
export async function openTarget(session: Session, request: TargetRequest): Promise<ResolvedTarget> {
  const resolved = await resolveNamedTarget(session, request);
  session.own(resolved.target);
  return resolved;
}

/** The same, for the caller to close. */
export async function resolveNamedTarget(session: Session, request: TargetRequest): Promise<ResolvedTarget> {
  const name = request.name ?? session.config.defaults.target;
  if (name === undefined) throw missingFlag('target');
  const { text, settings } = findPlace(session.config, 'target', name);
  const format = request.format ?? settings?.format;
  return resolveTarget(
    text,
    {
      workingDirectory: session.host.workingDirectory,
      stateFolder: session.stateDirectory,
      protect: request.protect,
      vmwareAccount: vmwareAccount(session, settings ?? entryAt(session.config, text)),
      ...(format === undefined ? {} : { format }),
    },
    await session.services(),
  );
}
