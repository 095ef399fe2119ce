import { type Json, SendenseError } from '@sendense/core';
import { describeChains, type PrintedChain } from '../../output/describe-chain.ts';
import { describeFindings } from '../../output/describe-findings.ts';
import { describePoint, type PrintedPoint, type PrintedPointDetails } from '../../output/describe-point.ts';
import type { MachineOption, RepositoryOption } from '../../program/shared-flags.ts';
import { findPoint, readPoints } from '../../session/find-points.ts';
import { machinePoints } from '../../session/machine-points.ts';
import { maintenanceOf, noteChange } from '../../session/maintain.ts';
import { openRepository } from '../../session/open-repository.ts';
import type { Session } from '../../session/session.ts';
import type { ChainOptions, PointOptions, PrintedDeletion } from '../work.ts';

/** The points of a repository, or those of a machine in it, oldest first. */
export async function listPoints(
  session: Session,
  options: RepositoryOption & MachineOption,
): Promise<PrintedPoint[]> {
  const open = await openRepository(session, options);
  const found = await machinePoints(session, open, options.machine);
  return found.map((point) => describePoint(point, open.path));
}

/** One point with its machine. */
export async function showPoint(session: Session, options: PointOptions): Promise<PrintedPointDetails> {
  const { repository, path } = await openRepository(session, options);
  const point = findPoint(await readPoints(repository, session.call), options.backupId);
  // a machine specification is plain JSON by its schema; the round trip leaves out absent fields
  const spec: Json = JSON.parse(JSON.stringify(point.spec));
  return { ...describePoint(point, path), spec };
}

/** What the newest point of a machine, or another one of it, is read through. */
export async function showChain(session: Session, options: ChainOptions): Promise<PrintedChain> {
  const open = await openRepository(session, options);
  const points = await machinePoints(session, open, options.machine);
  const newest = options.backupId === undefined ? points.at(-1) : findPoint(points, options.backupId);
  if (newest === undefined) {
    throw new SendenseError('NOT_FOUND', 'the machine has no recovery point', { operation: 'show-chain' });
  }
  const disks = describeChains(newest, points, open.path);
  return { machine: newest.machine, machineName: newest.spec.name, disks };
}

/** Deletes a point; those that build on it keep their content. */
export async function deletePoint(session: Session, options: PointOptions): Promise<PrintedDeletion> {
  await session.catalog();
  const open = await openRepository(session, options, session.drivers());
  const point = findPoint(await readPoints(open.repository, session.call), options.backupId);
  const { removed, freedBytes } = await maintenanceOf(open.repository).delete(point.id, session.call);
  const findings = await noteChange(session, open, point.machine);
  return { removed: [...removed], freedBytes, findings: describeFindings(findings) };
}
