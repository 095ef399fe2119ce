import { basename, dirname, join, resolve } from 'node:path';
import { type Finding, SendenseError } from '@sendense/core';
import { isHolderAlive, processHolder } from '@sendense/plugin-kit';
import { publishFile, removeIfEmpty } from '@sendense/plugin-kit/files';
import { statusOf } from '../chain/open-chain.ts';
import type { DiskImage } from '../disk-image.ts';
import type { ConverterContext } from './context.ts';
import { type ConversionJournal, isJournalName, readJournal, writeJournal } from './conversion-journal.ts';
import type { TargetPlan } from './target-plan.ts';

/** Folders that this process writes to now. */
const inUse = new Set<string>();

/**
 * Where a target is written before it gets its name: a folder beside it, in which every file has its final name already,
 * because a descriptor names its extents. With `resume` the folder has a fixed name and a journal, and outlives a failure.
 */
export class ConversionFolder implements AsyncDisposable {
  /** The image, while it is unfinished. */
  readonly image: string;
  /** What an earlier attempt made durable, from the start of the disk. */
  readonly doneBytes: number;
  readonly findings: readonly Finding[];
  readonly #context: ConverterContext;
  readonly #path: string;
  readonly #target: string;
  readonly #journal: ConversionJournal;
  #isFinished = false;

  private constructor(
    context: ConverterContext,
    paths: { readonly path: string; readonly target: string },
    journal: ConversionJournal,
    findings: readonly Finding[],
  ) {
    this.#context = context;
    this.#path = paths.path;
    this.#target = paths.target;
    this.#journal = journal;
    this.image = join(paths.path, basename(paths.target));
    this.doneBytes = journal.doneBytes;
    this.findings = findings;
  }

  /** Makes the folder, or goes on with the one that is there. Rejects with `LOCKED` when another conversion uses it. */
  static async begin(
    context: ConverterContext,
    target: string,
    plan: TargetPlan,
    source: DiskImage,
  ): Promise<ConversionFolder> {
    const { fileSystem, random, options } = context;
    const path = options.resume ? `${target}.partial` : `${target}.partial-${random.uuid()}`;
    if (inUse.has(path)) throw locked(target, path);
    inUse.add(path);
    try {
      const fresh = await journalOf(context, plan, source);
      const left = options.resume ? await readJournal(fileSystem, path) : undefined;
      if (left !== undefined && left.holder !== fresh.holder && isHolderAlive(left.holder))
        throw locked(target, path);
      const { doneBytes, findings } = await whatIsLeft(context, path, target, fresh, left);
      await fileSystem.makeDirectory(path);
      const folder = new ConversionFolder(context, { path, target }, { ...fresh, doneBytes }, findings);
      if (doneBytes === 0) await folder.#empty();
      await folder.note(doneBytes);
      return folder;
    } catch (error) {
      inUse.delete(path);
      throw error;
    }
  }

  /** Notes that everything up to `doneBytes` is durable. */
  async note(doneBytes: number): Promise<void> {
    if (!this.#context.options.resume) return;
    await writeJournal(this.#context.fileSystem, this.#path, { ...this.#journal, doneBytes });
  }

  /** Gives the finished, durable files their names, the image's last; resolves with the bytes of all files. */
  async publish(overwrite: boolean): Promise<number> {
    const { fileSystem } = this.#context;
    const folder = dirname(this.#target);
    const names = (await fileSystem.list(this.#path)).filter((name) => !isJournalName(name));
    const last = basename(this.#target);
    const ordered = [...names.filter((name) => name !== last), last];
    let sizeBytes = 0;
    for (const name of ordered) {
      const to = join(folder, name);
      if (!overwrite) await refuseExisting(this.#context, to);
      sizeBytes += (await statusOf(join(this.#path, name), fileSystem)).sizeBytes;
    }
    for (const name of ordered) {
      const publication = { from: join(this.#path, name), to: join(folder, name), overwrite };
      await publishFile(fileSystem, { ...publication, isPublished: false });
    }
    this.#isFinished = true;
    return sizeBytes;
  }

  /** Removes what is unfinished, unless it is kept to go on with. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      if (this.#context.options.resume && !this.#isFinished) return;
      await this.#empty();
      await removeIfEmpty(this.#context.fileSystem, this.#path);
    } finally {
      inUse.delete(this.#path);
    }
  }

  async #empty(): Promise<void> {
    const { fileSystem } = this.#context;
    for (const name of await fileSystem.list(this.#path)) await fileSystem.unlink(join(this.#path, name));
  }
}

/** The path at which a target will be, its folder without symbolic links. Rejects with `NOT_FOUND` when there is no folder. */
export async function targetPath({ fileSystem }: ConverterContext, path: string): Promise<string> {
  const absolute = resolve(path);
  return join(await fileSystem.realPath(dirname(absolute)), basename(absolute));
}

/** Rejects with `ALREADY_EXISTS` when something has the name. */
export async function refuseExisting({ fileSystem }: ConverterContext, path: string): Promise<void> {
  if ((await fileSystem.stat(path)) === undefined) return;
  throw new SendenseError('ALREADY_EXISTS', `${path} already exists`, {
    operation: 'convert-file',
    remedy: 'choose another name, or allow it to be overwritten',
    context: { path },
  });
}

async function journalOf(
  { fileSystem }: ConverterContext,
  { format, subformat, sizeBytes }: TargetPlan,
  source: DiskImage,
): Promise<ConversionJournal> {
  const files = [];
  for (const path of source.files) {
    const { identity, sizeBytes: fileBytes, modifiedMs } = await statusOf(path, fileSystem);
    files.push({ path, identity, sizeBytes: fileBytes, modifiedMs });
  }
  const target = { format, subformat: subformat ?? null, sizeBytes };
  return { schema: 1, holder: processHolder(), source: files, target, doneBytes: 0 };
}

type Left = { readonly doneBytes: number; readonly findings: readonly Finding[] };

/** How far an earlier attempt came, and why it does not count where it does not. */
async function whatIsLeft(
  { fileSystem }: ConverterContext,
  path: string,
  target: string,
  now: ConversionJournal,
  left: ConversionJournal | undefined,
): Promise<Left> {
  if (left === undefined) return { doneBytes: 0, findings: [] };
  const again = (why: string): Left => {
    const message = `the earlier conversion to ${target} was begun again: ${why}`;
    return { doneBytes: 0, findings: [{ severity: 'info', code: 'conversion-restarted', message }] };
  };
  if (JSON.stringify(left.source) !== JSON.stringify(now.source)) return again('the source has changed');
  if (JSON.stringify(left.target) !== JSON.stringify(now.target))
    return again('another target was asked for');
  if (now.target.format !== 'raw') return again(`${now.target.format} files are made in one pass`);
  const { doneBytes } = left;
  const there = await fileSystem.stat(join(path, basename(target)));
  if (doneBytes === 0 || there?.sizeBytes !== now.target.sizeBytes) return again('nothing of it was kept');
  const message = `the earlier conversion went on: the first ${doneBytes} bytes were kept`;
  return { doneBytes, findings: [{ severity: 'info', code: 'conversion-resumed', message }] };
}

function locked(target: string, path: string): SendenseError {
  return new SendenseError('LOCKED', `another conversion writes to ${target}`, {
    operation: 'convert-file',
    remedy: `wait for it; when none runs any more, remove ${path}`,
    context: { path: target },
  });
}
