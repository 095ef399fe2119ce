import { SendenseError } from '@sendense/core';
import { childOf, textOf, type XmlElement } from '@sendense/plugin-kit/xml';
import { objectIn } from '../soap/read-element.ts';
import type { ManagedObject } from '../soap/vim-value.ts';

/** The object from which all others are reached; its id is the same everywhere. */
export const SERVICE_INSTANCE: ManagedObject = { type: 'ServiceInstance', id: 'ServiceInstance' };

/** What the server is. */
export type VimAbout = {
  /** `vcenter`, or `esxi` for a host on its own. */
  readonly kind: 'vcenter' | 'esxi';
  /** E.g. `VMware vCenter Server 8.0.2 build-22617221`. */
  readonly fullName: string;
  /** Of the API, e.g. `8.0.2.0`. */
  readonly apiVersion: string;
  /** Of this vCenter, which stays when its address changes; an ESXi has none. */
  readonly instanceUuid: string | undefined;
};

/** The managers of a server. */
export type ServiceContent = {
  readonly about: VimAbout;
  readonly rootFolder: ManagedObject;
  readonly sessionManager: ManagedObject;
  readonly propertyCollector: ManagedObject;
  readonly viewManager: ManagedObject;
  /** Finds objects by what they are known by. */
  readonly searchIndex: ManagedObject;
  /** Folders and files of datastores. */
  readonly fileManager: ManagedObject | undefined;
  readonly virtualDiskManager: ManagedObject | undefined;
  readonly ovfManager: ManagedObject | undefined;
};

/** Reads the answer to `RetrieveServiceContent`. Throws `PROTOCOL_VIOLATION` when what is needed is not there. */
export function parseServiceContent(content: XmlElement | undefined): ServiceContent {
  const need = (name: string): ManagedObject => {
    const found = objectIn(content, name);
    if (found !== undefined) return found;
    throw new SendenseError('PROTOCOL_VIOLATION', `the server does not tell its ${name}`, {
      operation: 'vim-RetrieveServiceContent',
      remedy: 'check that the address is that of a vCenter or ESXi',
    });
  };
  const about = childOf(content, 'about');
  return {
    about: {
      kind: textOf(about, 'apiType') === 'VirtualCenter' ? 'vcenter' : 'esxi',
      fullName: textOf(about, 'fullName') ?? 'vSphere',
      apiVersion: textOf(about, 'apiVersion') ?? '',
      instanceUuid: textOf(about, 'instanceUuid'),
    },
    rootFolder: need('rootFolder'),
    sessionManager: need('sessionManager'),
    propertyCollector: need('propertyCollector'),
    viewManager: need('viewManager'),
    searchIndex: need('searchIndex'),
    fileManager: objectIn(content, 'fileManager'),
    virtualDiskManager: objectIn(content, 'virtualDiskManager'),
    ovfManager: objectIn(content, 'ovfManager'),
  };
}
