import { type Call, type MachineSummary, machineKeyOf, SendenseError } from '@sendense/core';
import {
  describeMachine,
  listMachines,
  listObjects,
  parseDatastorePath,
  type VimClient,
  type VimMachineSummary,
} from '@sendense/platform-vmware';
import type { VmwarePlace } from './vmware-place.ts';

/** Where to look, and for what: the place of the source, and what else the machine was called. */
export type WantedMachine = Omit<VmwarePlace, 'server' | 'machine'> & {
  /** Each a name, an inventory path or its end, a managed object id, an instance UUID or BIOS UUID, or a machine key; all must fit. */
  readonly called: readonly string[];
};

/** A machine that may be meant: as the API has it, and as the source tells of it. */
type Candidate = { readonly listed: VimMachineSummary; readonly machine: MachineSummary };

/** A candidate with its path, for those who must choose. */
type Located = Candidate & { readonly path: string; readonly datastore: string | undefined };

/** More candidates than anybody reads through. */
const MOST_TOLD = 8;

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The one machine among `machines` of a source that is meant. Rejects with `NOT_FOUND`, also for a template, and with
 * `CONFIG_INVALID`, telling the candidates, where several fit.
 */
export async function findVmwareMachine(
  vim: VimClient,
  machines: readonly MachineSummary[],
  wanted: WantedMachine,
  call: Call,
): Promise<MachineSummary> {
  const listed = await listMachines(vim, call);
  const byId = new Map(machines.map((machine) => [machine.machine.id, machine]));
  let candidates = listed.flatMap((found): Candidate[] => {
    const machine = found.template ? undefined : byId.get(found.instanceUuid ?? found.object.id);
    return machine === undefined ? [] : [{ listed: found, machine }];
  });
  const all = candidates;
  for (const text of wanted.called) candidates = await called(vim, candidates, text, call);
  const located = await narrowed(vim, candidates, wanted, call);
  const [only] = located;
  if (only !== undefined && located.length === 1) return only.machine;
  if (only !== undefined) throw severalFit(vim, await locateAll(vim, located, call), located.length, wanted);
  const template = listed.find(({ name, template: is }) => is && wanted.called.includes(name));
  throw noneFits(vim, all.length, wanted, template !== undefined);
}

/** Those of `candidates` that `text` stands for. */
async function called(
  vim: VimClient,
  candidates: readonly Candidate[],
  text: string,
  call: Call,
): Promise<Candidate[]> {
  const uuid = UUID.test(text) ? text.toLowerCase() : undefined;
  const named = candidates.filter(
    ({ listed: { name, object, instanceUuid }, machine: { machine } }) =>
      name === text ||
      object.id === text ||
      (uuid !== undefined && [instanceUuid?.toLowerCase(), machineKeyOf(machine)].includes(uuid)),
  );
  if (uuid !== undefined && named.length === 0) return ofBios(vim, candidates, uuid, call);
  if (!text.includes('/')) return named;
  const path = text.replace(/^\/+/, '');
  const below: Candidate[] = [];
  for (const candidate of candidates.filter(({ listed: { name } }) => path.endsWith(`/${name}`)))
    if (`/${(await locate(vim, candidate, call)).path}`.endsWith(`/${path}`)) below.push(candidate);
  return [...new Set([...named, ...below])];
}

/** Machines by the UUID of their BIOS, which copies share. */
async function ofBios(
  vim: VimClient,
  candidates: readonly Candidate[],
  uuid: string,
  call: Call,
): Promise<Candidate[]> {
  const properties = { type: 'VirtualMachine', paths: ['config.uuid'] };
  const found = await listObjects(vim, vim.content.rootFolder, properties, call);
  const ids = new Set(
    found
      .filter(({ values }) => values.get('config.uuid')?.text.toLowerCase() === uuid)
      .map(({ object }) => object.id),
  );
  return candidates.filter(({ listed: { object } }) => ids.has(object.id));
}

/** Those in the datacenter and on the datastore of the name. */
async function narrowed(
  vim: VimClient,
  candidates: readonly Candidate[],
  { datacenter, datastore }: WantedMachine,
  call: Call,
): Promise<readonly Candidate[]> {
  if ((datacenter ?? datastore) === undefined) return candidates;
  const fitting: Candidate[] = [];
  for (const candidate of candidates) {
    const at = await locate(vim, candidate, call);
    // "vm" is the folder of all machines of a datacenter
    const isIn = datacenter === undefined || `/${at.path}`.includes(`/${datacenter}/vm/`);
    if (isIn && (datastore === undefined || at.datastore === datastore)) fitting.push(candidate);
  }
  return fitting;
}

async function locate(vim: VimClient, candidate: Candidate, call: Call): Promise<Located> {
  const { machine, names } = await describeMachine(vim, candidate.listed.object, call);
  const folder = names.path(machine.folder);
  const path = folder === undefined ? machine.name : `${folder}/${machine.name}`;
  const { configFile } = machine;
  return {
    ...candidate,
    path,
    datastore: configFile === undefined ? undefined : parseDatastorePath(configFile).datastore,
  };
}

async function locateAll(vim: VimClient, candidates: readonly Candidate[], call: Call): Promise<Located[]> {
  const located: Located[] = [];
  for (const candidate of candidates.slice(0, MOST_TOLD)) located.push(await locate(vim, candidate, call));
  return located;
}

function severalFit(
  { host }: VimClient,
  located: readonly Located[],
  count: number,
  { called: texts }: WantedMachine,
): SendenseError {
  const candidates = located.map(
    ({ path, listed: { object }, machine }) => `${path} (${object.id}, ${machine.machine.id})`,
  );
  const more = count > located.length ? ` and ${count - located.length} more` : '';
  const what =
    texts.length === 0 ? 'there' : `called ${texts.map((text) => JSON.stringify(text)).join(', ')}`;
  return new SendenseError('CONFIG_INVALID', `${count} machines of ${host} are ${what}`, {
    operation: 'find-machine',
    context: { candidates },
    remedy: `name one by its inventory path, managed object id or UUID: ${candidates.join('; ')}${more}`,
  });
}

function noneFits(
  { host }: VimClient,
  seen: number,
  { called: texts, datacenter, datastore }: WantedMachine,
  isTemplate: boolean,
): SendenseError {
  const where = [
    ...(datacenter === undefined ? [] : [` in the datacenter ${JSON.stringify(datacenter)}`]),
    ...(datastore === undefined ? [] : [` on the datastore ${JSON.stringify(datastore)}`]),
  ].join('');
  const name = texts.map((text) => JSON.stringify(text)).join(', ');
  const message = isTemplate
    ? `${name} on ${host} is a template, which has no snapshots`
    : `${host} has no machine ${name}${where}`;
  return new SendenseError('NOT_FOUND', message, {
    operation: 'find-machine',
    remedy: isTemplate
      ? 'convert it to a machine, or back up one that was made of it'
      : `list what the user may see by "sendense-ctl vmware vms": ${seen} machines`,
  });
}
