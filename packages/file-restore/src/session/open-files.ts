import type { Call, PointReader } from '@sendense/core';
import { openPointFiles, type PointFiles } from './point-files.ts';

/** The files of a point that was opened, and what is closed with them. */
export type OpenedFiles = { readonly files: PointFiles; readonly owned: AsyncDisposable };

/** A way to open the files of a point. It owns `reader` from then on, also when it rejects. */
export type OpenFiles = (reader: PointReader, call?: Call) => Promise<OpenedFiles>;

/** All files by the readers of this process. */
export async function openInProcess(reader: PointReader, call?: Call): Promise<OpenedFiles> {
  try {
    return { files: await openPointFiles(reader, call), owned: reader };
  } catch (error) {
    await reader[Symbol.asyncDispose]();
    throw error;
  }
}
