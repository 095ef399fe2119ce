import { join } from 'node:path';
import { SendenseError } from '@sendense/core';
import { sidecarName } from '../layout/data-file-name.ts';
import { parseRecord } from '../records/sealed-json.ts';
import { aliasSidecar, below, diskFileSidecar, type Sidecar } from '../records/sidecar.ts';
import type { LocalStore } from './local-store.ts';
import { readBounded } from './read-bounded.ts';

const MAX_SIDECAR_BYTES = 1024 * 1024;
/** The most files in a chain, aliases included; the reader of images has the same limit. */
export const MAX_CHAIN_FILES = 512;

/** Reads the sidecar of a data file in a disk's folder. Rejects with `CORRUPT` when it is damaged or of another file. */
export async function readSidecar(store: LocalStore, folder: string, file: string): Promise<Sidecar> {
  const path = join(folder, sidecarName(file));
  const bytes = await readBounded(store.fileSystem, path, MAX_SIDECAR_BYTES);
  const sidecar = parse(store, bytes, path);
  if (sidecar.file === file) return sidecar;
  throw new SendenseError('CORRUPT', `${path} describes another file, ${sidecar.file}`, {
    operation: 'read-record',
    context: { path },
  });
}

function parse(store: LocalStore, bytes: Uint8Array, path: string): Sidecar {
  const alias = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(
    '"sendense-disk-alias"',
  );
  if (alias) return parseRecord(aliasSidecar, bytes, path, store.blake3);
  return parseRecord(diskFileSidecar, bytes, path, store.blake3);
}

/**
 * The sidecars of a chain, the file itself first. Rejects with `PARENT_MISSING` when a link is gone, with `CORRUPT` for a
 * damaged sidecar or a loop.
 */
export async function readChain(
  store: LocalStore,
  folder: string,
  file: string,
): Promise<readonly Sidecar[]> {
  const chain: Sidecar[] = [];
  for (let next: string | null = file; next !== null; ) {
    if (chain.length >= MAX_CHAIN_FILES) throw tooLong(folder, file);
    const sidecar: Sidecar = await readSidecar(store, folder, next).catch((error: unknown) => {
      throw SendenseError.is(error, 'NOT_FOUND') ? missing(folder, String(next), error) : error;
    });
    chain.push(sidecar);
    next = below(sidecar);
  }
  return chain;
}

function tooLong(folder: string, file: string): SendenseError {
  return new SendenseError(
    'CORRUPT',
    `the chain of ${join(folder, file)} has more than ${MAX_CHAIN_FILES} files`,
    {
      operation: 'read-chain',
      remedy: 'run verify; a chain that long is a loop',
    },
  );
}

function missing(folder: string, file: string, cause: unknown): SendenseError {
  return new SendenseError('PARENT_MISSING', `${join(folder, sidecarName(file))} is gone`, {
    operation: 'read-chain',
    remedy: 'restore the file from a copy of the repository, or make a full backup',
    context: { file },
    cause,
  });
}
