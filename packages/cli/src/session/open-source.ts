import { type ResolvedSource, resolveSource } from '@sendense/quickstart';
import { findPlace } from '../names/find-place.ts';
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
