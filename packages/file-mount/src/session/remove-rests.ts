import { rm } from 'node:fs/promises';
import { sep } from 'node:path';
import { type Finding, SendenseError } from '@sendense/core';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import { findProgram } from '../programs/find-program.ts';
import { runProgram } from '../programs/run-program.ts';
import { loopDevices } from '../system/loop-devices.ts';
import { readMountTable } from '../system/mount-table.ts';
import { endServing } from '../system/session-processes.ts';
import { type MountRecord, NOBODY, sessionPaths, writeRecord } from './mount-record.ts';
import { unmountVolumes } from './unmount-volumes.ts';

/**
 * Takes away all that is left of a mount, in whatever state it is: what shows files, devices, the programs that serve them, folders that
 * were made for it, its record last. Idempotent. The findings tell what somebody had open. Rejects, and keeps the record, while one of its
 * volumes is shown still: with `LOCKED` where somebody else mounted something over it.
 */
export async function removeRests(directory: string, record: MountRecord): Promise<readonly Finding[]> {
  const { folder } = sessionPaths(directory, record.id);
  const findings: Finding[] = [];
  try {
    findings.push(...(await unmountVolumes(directory, record, true)));
    // before the programs end: the file behind a device has no name without them
    await detachDevices(folder);
  } catch (error) {
    // of a disk that does not answer: it does once the programs that serve it have ended
    if (!SendenseError.is(error, 'TIMEOUT')) throw error;
  }
  await endServing(folder);
  // a program that was mounting when its process died may have been done after the first time
  findings.push(...(await unmountVolumes(directory, record, true)));
  await unmountFiles(folder);
  await removeFolders(directory, record);
  return findings;
}

/**
 * Does {@link removeRests} for a mount that this process kept. Where that fails nobody keeps it any more, and its record says so: whoever
 * comes next takes it away, also while this process lives on.
 */
export async function letGo(directory: string, record: MountRecord): Promise<readonly Finding[]> {
  try {
    return await removeRests(directory, record);
  } catch (error) {
    await writeRecord(directory, { ...record, keeper: NOBODY });
    throw error;
  }
}

/** A storage daemon that was killed leaves its files mounted, and dead. */
async function unmountFiles(folder: string): Promise<void> {
  const left = (await readMountTable()).filter(({ path }) => path.startsWith(`${folder}${sep}`));
  const umount = left.length === 0 ? undefined : await findProgram('umount');
  if (umount === undefined) return;
  for (const { path } of left.toReversed()) await runProgram(umount, ['--lazy', path]);
}

/** One that is in use goes with its last user. */
async function detachDevices(folder: string): Promise<void> {
  const left = (await loopDevices()).filter(({ file }) => file.startsWith(`${folder}${sep}`));
  const losetup = left.length === 0 ? undefined : await findProgram('losetup');
  if (losetup === undefined) return;
  for (const { device } of left) await runProgram(losetup, ['--detach', device]);
}

/**
 * Folders go when they are empty, but for that of temporary files: nothing that is not ours is ever removed with them. Without the record
 * somebody else has done all this since it was read: a folder of that name may be that of another mount, but for those in `directory`.
 */
async function removeFolders(directory: string, record: MountRecord): Promise<void> {
  const { folder, record: file, socket, pidFile, volumes, temporary } = sessionPaths(directory, record.id);
  const isRecorded = (await nodeFileSystem.stat(file)) !== undefined;
  const made = record.made.filter((path) => isRecorded || path.startsWith(`${folder}${sep}`));
  for (const { file: shown } of record.volumes) await removeFile(shown);
  for (const path of [socket, pidFile]) await removeFile(path);
  // made for one mount alone, by its programs
  await rm(temporary, { recursive: true, force: true });
  for (const path of [volumes, ...made.toReversed()]) await removeFolder(path);
  await removeFile(file);
  await removeFolder(folder);
}

async function removeFile(path: string): Promise<void> {
  await nodeFileSystem.unlink(path).catch(unlessGone);
}

async function removeFolder(path: string): Promise<void> {
  await nodeFileSystem.removeDirectory(path).catch((error: unknown) => {
    // somebody put or mounted something there: it stays, and the folder with it
    if (!SendenseError.is(error, 'ALREADY_EXISTS') && !SendenseError.is(error, 'LOCKED')) unlessGone(error);
  });
}

function unlessGone(error: unknown): void {
  if (!SendenseError.is(error, 'NOT_FOUND')) throw error;
}
