import { type Call, SendenseError } from '@sendense/core';
import { textOf } from '@sendense/plugin-kit/xml';
import { decodeName } from '../inventory/parse-machine.ts';
import { readNames } from '../inventory/read-names.ts';
import { listObjects, readProperties } from '../properties/read-properties.ts';
import type { VimClient } from '../session/vim-client.ts';
import { itemsOf, managedObjectOf } from '../soap/read-element.ts';
import type { ManagedObject } from '../soap/vim-value.ts';

/** Places by their names; one that is not given is the only one there is, or the topmost. */
export type PlaceRequest = {
  /** Name, or way from the top: `Folder/DC`. */
  readonly datacenter?: string | undefined;
  readonly datastore?: string | undefined;
  /** `Cluster`, `Cluster/Resources/Pool`, or the name of a pool. */
  readonly pool?: string | undefined;
  /** Below the machines of the datacenter: `Linux/Web`. */
  readonly folder?: string | undefined;
  readonly host?: string | undefined;
};

/** A network that a card can be connected to. */
export type VimNetwork = {
  readonly object: ManagedObject;
  readonly name: string;
  /** Of a port group of a distributed switch. */
  readonly distributed?: { readonly switchUuid: string; readonly portgroupKey: string };
};

/** Where a machine goes. */
export type Places = {
  readonly datacenter: ManagedObject;
  /** Its way from the top, as the file service wants it. */
  readonly datacenterPath: string;
  readonly datastore: ManagedObject;
  readonly datastoreName: string;
  readonly pool: ManagedObject;
  readonly folder: ManagedObject;
  readonly host: ManagedObject | undefined;
  readonly networks: readonly VimNetwork[];
};

/** Something in the inventory, with its way from the top. */
type Named = { readonly object: ManagedObject; readonly path: string };

/** The topmost pool of a cluster or host is called so. */
const ROOT_POOL = 'Resources';

/** Finds the places of a machine. Rejects with `NOT_FOUND`, and with `CONFIG_INVALID` when a name is missing that must be given. */
export async function findPlaces(client: VimClient, wanted: PlaceRequest, call?: Call): Promise<Places> {
  const { rootFolder } = client.content;
  const datacenter = only(await all(client, rootFolder, 'Datacenter', call), wanted.datacenter, 'datacenter');
  const inside = (type: string): Promise<readonly Named[]> => all(client, datacenter.object, type, call);
  const datastore = only(await inside('Datastore'), wanted.datastore, 'datastore');
  const host =
    wanted.host === undefined ? undefined : only(await inside('HostSystem'), wanted.host, 'host').object;
  const pools = await inside('ResourcePool');
  return {
    datacenter: datacenter.object,
    datacenterPath: datacenter.path,
    datastore: datastore.object,
    datastoreName: nameOf(datastore),
    pool: poolOf(pools, wanted.pool).object,
    folder: await folderOf(client, datacenter, wanted.folder, call),
    host,
    networks: await networksIn(client, datacenter.object, call),
  };
}

async function all(
  client: VimClient,
  container: ManagedObject,
  type: string,
  call: Call | undefined,
): Promise<readonly Named[]> {
  const found = await listObjects(client, container, { type, paths: ['name'] }, call);
  const objects = found.map(({ object }) => object);
  const names = await readNames(client, objects, call);
  return objects.map((object) => ({ object, path: names.path(object) ?? object.id }));
}

function nameOf({ path }: Named): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The one that `wanted` names by its name or the end of its way; without it the only one. */
function only(found: readonly Named[], wanted: string | undefined, what: string): Named {
  const fitting =
    wanted === undefined ? found : found.filter(({ path }) => `/${path}`.endsWith(`/${wanted}`));
  const exact = fitting.find(({ path }) => path === wanted);
  const [first] = fitting;
  if (exact !== undefined) return exact;
  if (first !== undefined && fitting.length === 1) return first;
  const names = found.slice(0, 20).map(({ path }) => path);
  if (first !== undefined) throw ambiguous(what, wanted, names);
  throw new SendenseError('NOT_FOUND', `there is no ${what}${wanted === undefined ? '' : ` ${wanted}`}`, {
    operation: 'find-places',
    remedy: names.length === 0 ? 'check that the user may see it' : `choose one of ${names.join(', ')}`,
  });
}

function ambiguous(what: string, wanted: string | undefined, names: readonly string[]): SendenseError {
  const text =
    wanted === undefined ? `name the ${what}: there are several` : `${wanted} is the name of several`;
  return new SendenseError('CONFIG_INVALID', text, {
    operation: 'find-places',
    remedy: `give one of ${names.join(', ')}`,
  });
}

/** A cluster or host stands for its topmost pool, and so does nothing where there is one alone. */
function poolOf(pools: readonly Named[], wanted: string | undefined): Named {
  const topmost = pools.filter((pool) => nameOf(pool) === ROOT_POOL);
  if (wanted === undefined) return only(topmost, undefined, 'pool');
  const ofCluster = topmost.find(({ path }) => `/${path}`.endsWith(`/${wanted}/${ROOT_POOL}`));
  return ofCluster ?? only(pools, wanted, 'pool');
}

async function folderOf(
  client: VimClient,
  datacenter: Named,
  wanted: string | undefined,
  call: Call | undefined,
): Promise<ManagedObject> {
  const properties = { type: 'Datacenter', paths: ['vmFolder'] };
  const [found] = await readProperties(client, [datacenter.object], properties, call);
  const top = managedObjectOf(found?.values.get('vmFolder'));
  if (top === undefined) {
    throw new SendenseError('PERMISSION_DENIED', `the machines of ${datacenter.path} are not shown`, {
      operation: 'find-places',
      remedy: 'grant System.View on the datacenter to the user',
    });
  }
  return wanted === undefined ? top : only(await all(client, top, 'Folder', call), wanted, 'folder').object;
}

async function networksIn(
  client: VimClient,
  datacenter: ManagedObject,
  call: Call | undefined,
): Promise<readonly VimNetwork[]> {
  const found = await listObjects(client, datacenter, { type: 'Network', paths: ['name'] }, call);
  const networks: VimNetwork[] = [];
  for (const { object, values } of found) {
    const name = decodeName(values.get('name')?.text || object.id);
    if (object.type !== 'DistributedVirtualPortgroup') networks.push({ object, name });
    else networks.push({ object, name, ...(await distributed(client, object, call)) });
  }
  return networks;
}

async function distributed(
  client: VimClient,
  portgroup: ManagedObject,
  call: Call | undefined,
): Promise<Pick<VimNetwork, 'distributed'>> {
  const paths = { type: portgroup.type, paths: ['key', 'config'] };
  const [found] = await readProperties(client, [portgroup], paths, call);
  const [owner] = itemsOf(found?.values.get('config'), 'distributedVirtualSwitch').flatMap(
    (item) => managedObjectOf(item) ?? [],
  );
  if (owner === undefined) return {};
  const [read] = await readProperties(client, [owner], { type: owner.type, paths: ['uuid'] }, call);
  const switchUuid = read?.values.get('uuid')?.text;
  const portgroupKey = found?.values.get('key')?.text ?? textOf(found?.values.get('config'), 'key');
  return switchUuid === undefined || portgroupKey === undefined
    ? {}
    : { distributed: { switchUuid, portgroupKey } };
}
