import type { SendenseError } from '@sendense/core';
import { type ResolvedSource, resolveSource } from '@sendense/quickstart';
import { findPlace } from '../names/find-place.ts';
import { asSendenseError } from '../output/error-report.ts';
import type { Session } from './session.ts';

/** Flags that go with a source. */
export type SourceFlags = { readonly machineId?: string; readonly parents?: readonly string[] };

/** Opens the source that `name` stands for, and finds its machine `wanted`, for the length of the session. */
export async function openSource(
  session: Session,
  name: string,
  flags: SourceFlags,
  wanted: string | undefined,
): Promise<ResolvedSource> {
  const { text, settings } = findPlace(session.config, 'source', name);
  const parents = flags.parents ?? settings?.parents;
  const machineId = flags.machineId ?? settings?.machineId;
  // an entry of the configuration may be called by its name there
  const machine = wanted === name ? undefined : wanted;
  const resolved = await resolveSource(
    text,
    {
      workingDirectory: session.host.workingDirectory,
      ...(parents === undefined ? {} : { parents }),
      ...(machineId === undefined ? {} : { machineId }),
      ...(machine === undefined ? {} : { machine }),
      ...(settings?.machineName === undefined ? {} : { name: settings.machineName }),
      ...(settings?.format === undefined ? {} : { format: settings.format }),
    },
    await session.services(),
    session.call,
  );
  session.own(resolved.source);
  return resolved;
}

/** A source that could not be opened; its machine goes by the name that was given. */
export type UnopenedSource = { readonly machine: string; readonly error: SendenseError };

/** Opens all of several sources that can be opened. Throws only for a name that is none: then the command is wrong. */
export async function openSources(
  session: Session,
  names: readonly string[],
  flags: SourceFlags & { readonly machine?: string },
): Promise<{ readonly sources: readonly ResolvedSource[]; readonly unopened: readonly UnopenedSource[] }> {
  for (const name of names) findPlace(session.config, 'source', name);
  const sources: ResolvedSource[] = [];
  const unopened: UnopenedSource[] = [];
  for (const name of names) {
    try {
      sources.push(await openSource(session, name, flags, flags.machine));
    } catch (thrown) {
      const error = asSendenseError(thrown, 'open-source');
      if (error.code === 'ABORTED') throw error;
      unopened.push({ machine: name, error });
    }
  }
  return { sources, unopened };
}
