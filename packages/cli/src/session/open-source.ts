import type { Call, SendenseError, SourceConnector } from '@sendense/core';
import {
  type ResolvedSource,
  type ResolveSourceOptions,
  resolveConnector,
  resolveSource,
} from '@sendense/quickstart';
import { findPlace, type Place } from '../names/find-place.ts';
import { asSendenseError } from '../output/error-report.ts';
import type { Session } from './session.ts';
import { type PasswordOption, vmwareAccount } from './vmware-account.ts';

/** Flags that go with a source. */
export type SourceFlags = PasswordOption & {
  readonly machineId?: string;
  readonly parents?: readonly string[];
};

/** Opens the source that `name` stands for, and finds its machine `wanted`, for the length of the session. */
export async function openSource(
  session: Session,
  name: string,
  flags: SourceFlags,
  wanted: string | undefined,
): Promise<ResolvedSource> {
  const resolved = await resolveNamedSource(session, name, flags, wanted);
  session.own(resolved.source);
  return resolved;
}

/** The same, for the caller to close. */
export async function resolveNamedSource(
  session: Session,
  name: string,
  flags: SourceFlags,
  wanted: string | undefined,
  call: Call = session.call,
): Promise<ResolvedSource> {
  const place = findPlace(session.config, 'source', name);
  const options = {
    ...optionsOf(session, place, flags),
    // an entry of the configuration may be called by its name there
    ...(wanted === undefined || wanted === name ? {} : { machine: wanted }),
  };
  return resolveSource(place.text, options, await session.services(), call);
}

/** Opens the source that `name` stands for, whatever machines it has, for the length of the session. */
export async function openConnector(
  session: Session,
  name: string,
  flags: SourceFlags,
): Promise<SourceConnector> {
  const place = findPlace(session.config, 'source', name);
  const options = optionsOf(session, place, flags);
  return session.own(await resolveConnector(place.text, options, await session.services()));
}

function optionsOf(session: Session, { settings }: Place, flags: SourceFlags): ResolveSourceOptions {
  const { parents = settings?.parents, machineId = settings?.machineId } = flags;
  return {
    workingDirectory: session.host.workingDirectory,
    vmwareAccount: vmwareAccount(session, settings, flags),
    ...(parents === undefined ? {} : { parents }),
    ...(machineId === undefined ? {} : { machineId }),
    ...(settings?.machineName === undefined ? {} : { name: settings.machineName }),
    ...(settings?.format === undefined ? {} : { format: settings.format }),
    ...(settings?.vmware === undefined ? {} : { vmware: settings.vmware }),
  };
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
