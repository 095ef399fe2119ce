import { type Call, type Finding, SendenseError } from '@sendense/core';
import type { FileSystemReader } from '../file-system-reader.ts';

/** What the memory of a machine that sleeps is written to; the first bytes tell whether it does. */
const FILE = 'hiberfil.sys';
const MAGICS: readonly string[] = ['hibr', 'HIBR'];

/** Whether Windows was hibernated, or shut down for a fast start: it keeps its volumes open then. What is damaged is told where it is listed. */
export async function findHibernation(reader: FileSystemReader, call?: Call): Promise<Finding[]> {
  try {
    const entry = await reader.lookup(reader.root, FILE, call);
    if (entry === undefined || (await reader.stat(entry.node, call)).type !== 'file') return [];
    for await (const { bytes } of reader.read(entry.node, { offset: 0, length: 4 }, call))
      return MAGICS.includes(Buffer.from(bytes).toString('latin1')) ? [HIBERNATED] : [];
    return [];
  } catch (error) {
    if (SendenseError.is(error, 'CORRUPT') || SendenseError.is(error, 'FORMAT_UNSUPPORTED')) return [];
    throw error;
  }
}

const HIBERNATED: Finding = {
  severity: 'warning',
  code: 'file-system-in-use',
  message:
    'Windows was hibernated, or shut down for a fast start: what it had in memory of the NTFS file system is not in it, files that changed last may be wrong or missing',
};
