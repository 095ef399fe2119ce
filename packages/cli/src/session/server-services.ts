import type { Call, Repository } from '@sendense/core';
import { createProcessFence } from '@sendense/plugin-kit';
import { parseRepositoryPlace } from '@sendense/quickstart';
import type { NamedMachine, ServerServices } from '@sendense/server';
import { noteChange } from './maintain.ts';
import { openEngine } from './open-engine.ts';
import { type OpenRepository, resolveNamed } from './open-repository.ts';
import { resolveNamedSource } from './open-source.ts';
import { resolveNamedTarget } from './open-target.ts';
import type { Session } from './session.ts';

/** What the configuration names, for the HTTP service, and the engine of this installation. */
export async function serverServices(session: Session): Promise<ServerServices> {
  const { config, log } = session;
  const opened = new Map<Repository, OpenRepository>();
  return {
    engine: await openEngine(session, {}, { isShown: false }),
    journal: (await session.catalog()).journal,
    fence: createProcessFence(),
    repositories: {
      names: Object.keys(config.repositories),
      async open(name, call) {
        const open = await openForServer(session, name, call);
        opened.set(open.repository, open);
        return open.repository;
      },
    },
    sources: { names: Object.keys(config.sources), open: (name, call) => openMachine(session, name, call) },
    targets: {
      names: Object.keys(config.targets),
      async open(name) {
        const request = { name, format: undefined, protect: repositoryFolders(session) };
        return (await resolveNamedTarget(session, request)).target;
      },
    },
    async pointsChanged(repository, machine) {
      const open = opened.get(repository);
      if (open !== undefined) await noteChange(session, open, machine);
    },
    log,
  };
}

/** The server closes it. */
async function openForServer(session: Session, name: string, call?: Call): Promise<OpenRepository> {
  const options = { drivers: session.drivers(), call };
  const { repository, folder, location } = await resolveNamed(session, name, {}, options);
  return { repository, path: folder ?? location, protect: folder === null ? [] : [folder], location };
}

async function openMachine(session: Session, name: string, call?: Call): Promise<NamedMachine> {
  const { source, machine, machineKey } = await resolveNamedSource(session, name, {}, name, call);
  return {
    source,
    machine: machine.machine,
    machineKey,
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  };
}

/** Folders that no restore may write to. */
function repositoryFolders({ config, host }: Session): string[] {
  return Object.values(config.repositories).flatMap(({ at }) => {
    const place = parseRepositoryPlace(at, host.workingDirectory);
    return 'path' in place ? [place.path] : [];
  });
}
