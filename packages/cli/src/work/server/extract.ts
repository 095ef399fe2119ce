import { randomUUID } from 'node:crypto';
import { extname } from 'node:path';
import type { FileDownload } from '@sendense/client';
import { SendenseError } from '@sendense/core';
import { nodeFileSystem, publishFile } from '@sendense/plugin-kit/files';
import { pathOf } from '../../session/open-image.ts';
import type { ExtractOptions, PrintedExtract, Read } from '../work.ts';
import type { Desk } from './desk.ts';
import { printFindings } from './findings.ts';
import { withMount } from './with-mount.ts';

/** Takes a file or folder out of a point that the server reads; the file here gets its name when it is whole and durable. */
export async function extract(desk: Desk, options: ExtractOptions): Promise<Read<PrintedExtract>> {
  const output = pathOf(desk.session, options.output);
  const overwrite = options.overwrite === true;
  const { mount, done, left } = await withMount(desk, options, async (mountId) => {
    const download = await begin(desk, { mountId, path: options.file, isZip: isZip(output) });
    try {
      if (!overwrite && (await nodeFileSystem.stat(output)) !== undefined) throw taken(output);
      return { format: download.format, sizeBytes: await save(download.stream, { output, overwrite }) };
    } catch (error) {
      await download.stream.cancel().catch(() => undefined); // it may have failed by itself; the failure counts
      throw error;
    }
  });
  const { format, sizeBytes } = done;
  const leftOut = format === 'file' ? [] : left;
  return {
    read: {
      bytesWritten: sizeBytes,
      sizeBytes,
      format,
      output,
      findings: printFindings([...mount.findings, ...leftOut]),
    },
    isDamaged: leftOut.some(({ severity }) => severity === 'error'),
  };
}

function isZip(output: string): boolean {
  return extname(output).toLowerCase() === '.zip';
}

/** What is on its way. A file is sent as it is and has a tag; a folder comes without one, as a tar archive, or a zip where that is wanted. */
async function begin(
  desk: Desk,
  { mountId, path, isZip: wantsZip }: { mountId: string; path: string; isZip: boolean },
): Promise<FileDownload & { readonly format: 'file' | 'tar' | 'zip' }> {
  const {
    client: { files },
    session: { call },
  } = desk;
  const file = { mount_id: mountId, path };
  if (wantsZip && (await isFolder(desk, file)))
    return { format: 'zip', ...(await files.archive({ ...file, format: 'zip' }, call)) };
  const plain = await files.download(file, call);
  return { format: plain.etag === null ? 'tar' : 'file', ...plain };
}

/** Whether it is a folder, also a damaged one; a download would tell too, but begin an archive that takes the place of the next one. */
async function isFolder(
  { client, session: { call } }: Desk,
  file: { readonly mount_id: string; readonly path: string },
): Promise<boolean> {
  try {
    await client.listFiles({ ...file, limit: 1 }, call);
    return true;
  } catch (error) {
    if (SendenseError.is(error, 'CONFIG_INVALID')) return false;
    if (SendenseError.is(error, 'CORRUPT')) return true;
    throw error;
  }
}

/** Writes a stream to a new file beside its place and gives that the name. Its size. */
async function save(
  stream: ReadableStream<Uint8Array>,
  { output, overwrite }: { readonly output: string; readonly overwrite: boolean },
): Promise<number> {
  const partial = `${output}.${randomUUID()}.partial`;
  try {
    const sizeBytes = await write(stream, partial);
    await publishFile(nodeFileSystem, { from: partial, to: output, overwrite, isPublished: false });
    return sizeBytes;
  } catch (error) {
    await nodeFileSystem.unlink(partial).catch(() => undefined); // it may not have been made; the failure counts
    throw error;
  }
}

async function write(stream: ReadableStream<Uint8Array>, path: string): Promise<number> {
  await using file = await nodeFileSystem.open(path, 'create');
  let offset = 0;
  for await (const bytes of stream) {
    await file.write(bytes, offset);
    offset += bytes.byteLength;
  }
  await file.sync();
  return offset;
}

function taken(output: string): SendenseError {
  return new SendenseError('ALREADY_EXISTS', `${output} already exists`, {
    operation: 'extract-file',
    remedy: 'choose another name, or replace it with --overwrite',
  });
}
