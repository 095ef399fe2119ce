import { basename, extname } from 'node:path';
import {
  type Call,
  type Finding,
  type Random,
  SendenseError,
  systemRandom,
  throwIfAborted,
} from '@sendense/core';
import { type FileHandle, type FileSystem, nodeFileSystem, publishFile } from '@sendense/plugin-kit/files';
import type { BrowseSession } from '../session/browse-session.ts';
import type { FoundFile } from '../session/point-files.ts';
import { FindingList } from './finding-list.ts';

/** What is taken out, and where to. */
export type ExtractRequest = {
  readonly session: BrowseSession;
  /** A file, or a folder, which becomes an archive. Links are followed inside of the point. */
  readonly path: string;
  /** The file to make. A folder becomes a zip archive when this ends in `.zip`, else a tar archive. */
  readonly output: string;
  /** Replace what is there. */
  readonly overwrite: boolean;
};

/** What was made. */
export type ExtractResult = {
  readonly format: 'file' | 'tar' | 'zip';
  /** Bytes that were written: holes are not. */
  readonly bytesWritten: number;
  /** Size of the file that was made. */
  readonly sizeBytes: number;
  /** What was left out of an archive or changed in it, and why. */
  readonly findings: readonly Finding[];
};

/** What the work is done with; tests have their own. */
export type ExtractServices = { readonly fileSystem: FileSystem; readonly random: Pick<Random, 'uuid'> };

/**
 * Takes one file out, with its holes, or a folder as a tar or zip archive. The file gets its name when it is whole and durable. Rejects
 * with `ALREADY_EXISTS` when the name is taken, with `CONFIG_INVALID` for what is neither file nor folder.
 */
export async function extractToFile(
  { session, path, output, overwrite }: ExtractRequest,
  call?: Call,
  { fileSystem, random }: ExtractServices = { fileSystem: nodeFileSystem, random: systemRandom },
): Promise<ExtractResult> {
  const found = await session.find(path, call);
  if (found.stat.type !== 'file' && found.stat.type !== 'directory') throw noContent(path, found.stat.type);
  if (!overwrite && (await fileSystem.stat(output)) !== undefined) throw taken(output);
  const partial = `${output}.${random.uuid()}.partial`;
  try {
    const result = await writePartial(fileSystem, session, found, { path, output, partial }, call);
    await publishFile(fileSystem, { from: partial, to: output, overwrite, isPublished: false });
    return result;
  } catch (error) {
    await fileSystem.unlink(partial).catch(() => undefined); // it may not have been made; the failure counts
    throw error;
  }
}

async function writePartial(
  fileSystem: FileSystem,
  session: BrowseSession,
  found: FoundFile,
  { path, output, partial }: Pick<ExtractRequest, 'path' | 'output'> & { readonly partial: string },
  call: Call | undefined,
): Promise<ExtractResult> {
  await using file = await fileSystem.open(partial, 'create');
  const result =
    found.stat.type === 'file'
      ? await writeFile(file, session, found, call)
      : await writeArchive(file, session, found, { path, output }, call);
  await file.sync();
  return result;
}

async function writeFile(
  file: FileHandle,
  session: BrowseSession,
  found: FoundFile,
  call: Call | undefined,
): Promise<ExtractResult> {
  const { sizeBytes } = found.stat;
  let bytesWritten = 0;
  for await (const { offset, bytes } of session.read(found, { offset: 0, length: sizeBytes }, call)) {
    throwIfAborted(call?.signal, 'extract-file');
    await file.write(bytes, offset);
    bytesWritten += bytes.byteLength;
  }
  await file.truncate(sizeBytes);
  return { format: 'file', bytesWritten, sizeBytes, findings: [] };
}

async function writeArchive(
  file: FileHandle,
  session: BrowseSession,
  found: FoundFile,
  { path, output }: Pick<ExtractRequest, 'path' | 'output'>,
  call: Call | undefined,
): Promise<ExtractResult> {
  const format = extname(output).toLowerCase() === '.zip' ? 'zip' : 'tar';
  const told = new FindingList();
  let at = 0;
  for await (const bytes of session[format](found, basename(path), told.add, call)) {
    throwIfAborted(call?.signal, 'extract-file');
    await file.write(bytes, at);
    at += bytes.byteLength;
  }
  return { format, bytesWritten: at, sizeBytes: at, findings: told.findings };
}

function noContent(path: string, type: string): SendenseError {
  return new SendenseError(
    'CONFIG_INVALID',
    `${JSON.stringify(path)} is a ${type}: it has no content to take out`,
    {
      operation: 'extract-file',
      remedy: 'take out the folder that it lies in: archives keep such entries',
    },
  );
}

function taken(output: string): SendenseError {
  return new SendenseError('ALREADY_EXISTS', `${output} already exists`, {
    operation: 'extract-file',
    remedy: 'name another file, or allow that it is replaced',
  });
}
