import { join } from 'node:path';
import { type LogSink, systemClock } from '@sendense/core';
import { mountPoint, reconcileMounts } from '@sendense/file-mount';
import { createFileRestore } from '@sendense/file-restore';
import { Closer, createProcessFence, isHolderAlive, orClose, parseOptions } from '@sendense/plugin-kit';
import { type Access, openAccess } from './access/access.ts';
import { FailedLogins } from './access/failed-logins.ts';
import type { Tenant } from './access/tenant-scope.ts';
import { tokensDirectory } from './access/tokens/token-store.ts';
import { checkListen } from './app/check-listen.ts';
import { createApp } from './app/create-app.ts';
import { readTls } from './app/read-tls.ts';
import { openAuditLog } from './audit/open-audit-log.ts';
import { JobJournal } from './jobs/job-journal.ts';
import { Jobs } from './jobs/jobs.ts';
import { runOrder, undoOrder } from './jobs/run-order.ts';
import { MountedFolders } from './mounts/mounted-folders.ts';
import { Observations } from './observe/observations.ts';
import { type ResolvedOptions, type ServerOptions, serverOptionsSchema } from './options.ts';
import { Places } from './places/places.ts';
import { allRoutes } from './routes/all-routes.ts';
import { Archives } from './routes/files/archives.ts';
import type { ServerServices } from './services.ts';
import { takeStateFolder } from './state-folder.ts';

/** A server that listens. */
export interface SendenseServer extends AsyncDisposable {
  /** Where it listens, e.g. `http://127.0.0.1:8080`. */
  readonly url: string;
  /**
   * Stops: nothing new is taken, jobs are given up cleanly and go on with the next start, streams end, and after `limits.stopMs` clients
   * that take nothing are hung up on. Resolves when everything that the server opened is closed; what the host injected stays open.
   */
  close(): Promise<void>;
}

/**
 * Starts a server, and goes on with the jobs that the one before it could not finish. Rejects with `CONFIG_INVALID` for wrong options, and
 * for an address of the network without both TLS and access.
 */
export async function startServer(options: ServerOptions, services: ServerServices): Promise<SendenseServer> {
  const resolved = await parseOptions(serverOptionsSchema, options, 'server');
  const opened = new Closer();
  return await orClose(opened, () => startWithin(opened, resolved, services));
}

async function startWithin(
  opened: Closer,
  options: ResolvedOptions,
  services: ServerServices,
): Promise<SendenseServer> {
  const { log = () => undefined, clock = systemClock } = services;
  const { stateDirectory, listen } = options;
  const { serverId } = opened.add(await takeStateFolder(stateDirectory));
  const access = await openAccess(options.access, tokensDirectory(stateDirectory), { clock, log });
  const tls = options.tls === undefined ? undefined : await readTls(options.tls);
  await checkListen(options, access);
  const parts = await openParts(options, services, { opened, log, serverId });
  const stop = new AbortController();
  const app = await createApp({
    options,
    routes: allRoutes(parts),
    gate: gateOf(options, access),
    audit: parts.audit,
    observations: parts.observations,
    tls,
    stop: stop.signal,
    log,
  });
  opened.add({ [Symbol.asyncDispose]: () => app.close() });
  await parts.jobs.load();
  const url = await app.listen({ host: listen.host, port: listen.port });
  parts.jobs.begin();
  parts.observations.setServing(true);
  const close = once(async () => {
    parts.observations.setServing(false);
    // before anything is waited for: no job may begin, or end as if somebody had cancelled it
    parts.jobs.stop();
    stop.abort();
    const hangUp = setTimeout(() => app.server.closeAllConnections(), options.limits.stopMs);
    await opened[Symbol.asyncDispose]().finally(() => clearTimeout(hangUp));
  });
  return { url, close, [Symbol.asyncDispose]: close };
}

function gateOf(options: ResolvedOptions, access: Access) {
  return {
    access,
    tenants: tenantsOf(options),
    failedLogins: new FailedLogins(options.rates.failedLoginsPerMinute),
  };
}

function tenantsOf({ access }: ResolvedOptions): ReadonlyMap<string, Tenant> {
  return new Map(Object.entries(access.tenants));
}

/** What the handlers work with; closed with `opened`. */
async function openParts(
  options: ResolvedOptions,
  services: ServerServices,
  { opened, log, serverId }: { readonly opened: Closer; readonly log: LogSink; readonly serverId: string },
) {
  const { engine, clock = systemClock, fence = createProcessFence() } = services;
  const audit = opened.add(
    await openAuditLog(join(options.stateDirectory, 'audit'), options.audit, { clock, log }),
  );
  const places = opened.add(new Places(services));
  const files = services.fileRestore ?? opened.add(await createFileRestore(options.browse));
  const folders = opened.add(foldersOf(options, services, log));
  await folders.tidyUp();
  const jobs = opened.add(
    new Jobs({
      engine,
      journal: new JobJournal(services.journal, fence),
      fence,
      isHolderAlive: services.isHolderAlive ?? isHolderAlive,
      serverId,
      clock,
      log,
      limits: options.jobs,
      run: (record, call) => runOrder({ engine, places, tenants: tenantsOf(options) }, record, call),
      undo: (record) => undoOrder({ engine, places }, record),
    }),
  );
  const archives = new Archives(options.limits.archives, log);
  return { audit, places, files, folders, archives, jobs, observations: new Observations(audit, jobs) };
}

function foldersOf(
  { mounts, stateDirectory }: ResolvedOptions,
  { fileMount = { mountPoint, reconcileMounts } }: ServerServices,
  log: LogSink,
): MountedFolders {
  return new MountedFolders({ options: mounts, directory: join(stateDirectory, 'mounts'), fileMount, log });
}

function once(run: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= run();
    return done;
  };
}
