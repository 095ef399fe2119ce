/**
 * A process that backs one disk up and kills itself at a named moment of the order.
 * Arguments: disk, repository, state directory, moment.
 */
import { openCatalog } from '@sendense/catalog';
import type { Capture, PointWriter, Repository, SourceConnector } from '@sendense/core';
import { createEngine } from '@sendense/engine';
import { createProcessFence, isHolderAlive } from '@sendense/plugin-kit';
import { resolveRepository, resolveSource } from '../src/index.ts';

const [disk = '', folder = '', state = '', moment = ''] = process.argv.slice(2);

/** Power cut of this process: nothing after it runs. */
async function at<T>(name: string, run: () => Promise<T>): Promise<T> {
  if (moment === `before ${name}`) process.kill(process.pid, 'SIGKILL');
  const result = await run();
  if (moment === `after ${name}`) process.kill(process.pid, 'SIGKILL');
  return result;
}

function mortalSource(source: SourceConnector): SourceConnector {
  return {
    ...source,
    retire: (...args) => at('retire', () => source.retire(...args)),
    capture: (...args) => at('capture', async () => mortalCapture(await source.capture(...args))),
  };
}

function mortalCapture(capture: Capture): Capture {
  const { instant, consistency, spec, disks, skipped, artifacts, findings } = capture;
  return {
    instant,
    consistency,
    spec,
    disks,
    skipped,
    artifacts,
    findings,
    seal: (call) => at('seal', () => capture.seal(call)),
    commit: (call) => at('source commit', () => capture.commit(call)),
    [Symbol.asyncDispose]: () => capture[Symbol.asyncDispose](),
  };
}

function mortalRepository(repository: Repository): Repository {
  return {
    ...repository,
    begin: (...args) => at('begin', async () => mortalWriter(await repository.begin(...args))),
  };
}

function mortalWriter(writer: PointWriter): PointWriter {
  return {
    disks: writer.disks,
    artifact: (...args) => writer.artifact(...args),
    commit: (...args) => at('point commit', () => writer.commit(...args)),
    [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
  };
}

const catalog = await openCatalog({ path: `${state}/catalog.sqlite` });
const { source, machine, machineKey } = await resolveSource(`image:${disk}`);
const { repository } = await resolveRepository(folder);
const engine = createEngine({ journal: catalog.journal, fence: createProcessFence(), isHolderAlive });
await engine.backup({
  source: mortalSource(source),
  repository: mortalRepository(repository),
  machine: machine.machine,
  machineKey,
});
await repository[Symbol.asyncDispose]();
await catalog[Symbol.asyncDispose]();
