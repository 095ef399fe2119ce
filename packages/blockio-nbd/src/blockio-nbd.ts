import {
  type BlockEndpoint,
  type BlockIoDriver,
  type Call,
  type LogSink,
  type NbdEndpoint,
  type Plugin,
  SendenseError,
} from '@sendense/core';
import { createChunker } from '@sendense/plugin-kit/chunks';
import { connectNbd } from './client/connect-nbd.ts';
import type { NbdExport } from './client/nbd-export.ts';
import { ALLOCATION_CONTEXT, openNbdReader } from './client/nbd-reader.ts';
import { openNbdWriter } from './client/nbd-writer.ts';
import { checkOptions, type NbdDriverOptions, nbdDriverOptionsSchema } from './options.ts';

/** What the driver takes from its host. */
export type NbdDriverServices = { readonly log?: LogSink };

/** Block IO at exports of NBD servers, in TypeScript. */
export function createNbdDriver(
  options: NbdDriverOptions = {},
  { log }: NbdDriverServices = {},
): BlockIoDriver {
  const checked = checkOptions(options);
  const open = (endpoint: BlockEndpoint, call: Call | undefined): Promise<NbdExport> => {
    const { address, export: name, tls } = nbdEndpoint(endpoint);
    const how = { ...checked, ...(tls === undefined ? {} : { tls }), ...(log === undefined ? {} : { log }) };
    return connectNbd({ address, export: name, contexts: [ALLOCATION_CONTEXT], ...how }, call);
  };
  const openReader = async (endpoint: BlockEndpoint, call?: Call) =>
    openNbdReader(await open(endpoint, call));
  return {
    specificationVersion: 'v1',
    name: 'nbd',
    supports: (endpoint) => isNbdEndpoint(endpoint),
    openReader,
    chunker: (chunks) => createChunker(chunks, openReader),
    openWriter: async (endpoint, call) => openOwned(await open(endpoint, call)),
  };
}

/** A writer of an export, or neither. */
async function openOwned(destination: NbdExport) {
  try {
    return openNbdWriter(destination);
  } catch (error) {
    await destination[Symbol.asyncDispose]();
    throw error;
  }
}

function isNbdEndpoint(endpoint: BlockEndpoint): endpoint is NbdEndpoint {
  return endpoint.kind === 'nbd';
}

function nbdEndpoint(endpoint: BlockEndpoint): NbdEndpoint {
  if (isNbdEndpoint(endpoint)) return endpoint;
  throw new SendenseError('UNSUPPORTED', `the NBD driver cannot open '${endpoint.kind}' endpoints`, {
    operation: 'open-endpoint',
    remedy: 'use a driver that can',
  });
}

/** Lets a host find and configure the driver by name. */
export const plugin: Plugin<'block-io', NbdDriverOptions> = {
  kind: 'block-io',
  name: 'nbd',
  specificationVersion: 'v1',
  options: nbdDriverOptionsSchema,
  create: async (options, { log }) => createNbdDriver(options, { log }),
};
