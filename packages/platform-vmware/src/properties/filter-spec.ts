import { type ManagedObject, type VimObject, vimObject } from '../soap/vim-value.ts';

/** Which properties of objects of a type are read. */
export type PropertyPaths = { readonly type: string; readonly paths: readonly string[] };

/** A `PropertyFilterSpec` for the objects themselves. */
export function filterOfObjects(objects: readonly ManagedObject[], properties: PropertyPaths): VimObject {
  return filterSpec(
    objects.map((object) => vimObject([['obj', object]])),
    properties,
  );
}

/** A `PropertyFilterSpec` for what a container view shows. */
export function filterOfView(view: ManagedObject, properties: PropertyPaths): VimObject {
  const traversal = vimObject(
    [
      ['name', 'view'],
      ['type', 'ContainerView'],
      ['path', 'view'],
      ['skip', false],
    ],
    'TraversalSpec',
  );
  const start = vimObject([
    ['obj', view],
    ['skip', true],
    ['selectSet', traversal],
  ]);
  return filterSpec([start], properties);
}

function filterSpec(objectSet: readonly VimObject[], { type, paths }: PropertyPaths): VimObject {
  const propSet = vimObject([
    ['type', type],
    ['all', false],
    ['pathSet', paths],
  ]);
  return vimObject([
    ['propSet', propSet],
    ['objectSet', objectSet],
  ]);
}
