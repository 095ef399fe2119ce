import { join, resolve } from 'node:path';
import { openCatalog } from '@sendense/catalog';
import { systemServices } from '@sendense/core';
import { createEngine } from '@sendense/engine';
import { createProcessFence, isHolderAlive, parseOptions, readNativeMode } from '@sendense/plugin-kit';
import { createBlockDrivers } from './block-drivers.ts';
import { createOpenPlaces } from './open-places.ts';
import { defaultStateDirectory, type SendenseOptions, sendenseOptionsSchema } from './options.ts';
import type { Sendense } from './sendense.ts';
import { createVerbs } from './verbs.ts';

/**
 * Opens the catalog in the state directory and an engine on it. Throws `CONFIG_INVALID` for wrong options, and what
 * `openCatalog` throws.
 */
export async function openSendense(options: SendenseOptions = {}): Promise<Sendense> {
  const { services: given, passphrase, vmwareAccount, ...plain } = options;
  const checked = await parseOptions(sendenseOptionsSchema, plain, 'Sendense');
  const drivers = given?.drivers ?? createBlockDrivers(checked.native ?? readNativeMode(), given?.log);
  const services = systemServices({ ...given, drivers });
  const workingDirectory = resolve(checked.workingDirectory ?? process.cwd());
  const stateDirectory = resolve(workingDirectory, checked.stateDirectory ?? defaultStateDirectory());
  const catalog = await openCatalog({ path: join(stateDirectory, 'catalog.sqlite'), clock: services.clock });
  const fence = createProcessFence();
  const engine = createEngine({ journal: catalog.journal, services, fence, isHolderAlive });
  const recording = catalog.jobs.record(engine.events, { holder: fence.holder });
  const places = createOpenPlaces(catalog, services, {
    workingDirectory,
    ...(passphrase && { passphrase }),
    ...(checked.trustedHeads === true && { trustedHeadFolder: join(stateDirectory, 'trusted-heads') }),
  });
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await recording[Symbol.asyncDispose]();
    await places[Symbol.asyncDispose]();
    await catalog[Symbol.asyncDispose]();
  };
  return {
    ...createVerbs({
      engine,
      catalog,
      services,
      places,
      workingDirectory,
      stateFolder: stateDirectory,
      ...(vmwareAccount && { vmwareAccount }),
    }),
    [Symbol.asyncDispose]() {
      closed ??= close();
      return closed;
    },
  };
}
