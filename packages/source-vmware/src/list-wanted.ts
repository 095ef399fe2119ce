import type { Call, MachineFilter } from '@sendense/core';
import {
  formatTag,
  listMachines,
  readTags,
  type VimClient,
  type VimMachineSummary,
  type VimTag,
} from '@sendense/platform-vmware';

/**
 * The machines that fit a filter, without templates. The key of its tag is a category, the value a tag of it; or
 * the key is both, as the neutral machine has them. Tags are asked for only where
 * they are wanted, then of all machines at once; that they cannot be read rejects, for a list that lacks machines looks whole.
 */
export async function listWanted(
  vim: VimClient,
  filter: MachineFilter | undefined,
  call?: Call,
): Promise<readonly VimMachineSummary[]> {
  const machines = (await listMachines(vim, call)).filter(
    ({ template, name }) => !template && (filter?.name ?? name) === name,
  );
  const wanted = filter?.tag;
  if (wanted === undefined) return machines;
  const tags = await readTags(
    vim,
    machines.map(({ object }) => object),
    call,
  );
  const { key, value } = wanted;
  const isWanted = (tag: VimTag): boolean =>
    (tag.category === key && (value ?? tag.name) === tag.name) || (formatTag(tag) === key && !value);
  return machines.filter(({ object }) => tags.get(object.id)?.some(isWanted) ?? false);
}
