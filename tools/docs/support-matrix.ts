import type { ProofLevel } from '@sendense/core';
import { formatProofs } from '@sendense/formats';
import { createImageSource } from '@sendense/source-image';
import { createQemuSource } from '@sendense/source-qemu';
import { createVmwareSource } from '@sendense/source-vmware';
import { createImageTarget } from '@sendense/target-image';
import { createOvaTarget, createVmwareTarget } from '@sendense/target-vmware';
import { capabilities as localRepository } from '../../packages/repository-local/src/capabilities.ts';
import { readPeers } from '../../tests/peer-list.ts';
import { table } from './generated-blocks.ts';

type Declared = { readonly proof: Readonly<Record<string, ProofLevel>> } & Readonly<Record<string, unknown>>;

/** Nothing is opened: capabilities follow from the options alone. */
const NOWHERE = '/nonexistent/disk';

const VCENTER = { address: 'vc.example', user: 'backup' };

const PLUGINS: Readonly<Record<string, Declared>> = {
  'source-image (qcow2)': createImageSource({ path: NOWHERE, format: 'qcow2' }).capabilities,
  'source-image (raw)': createImageSource({ path: NOWHERE, format: 'raw' }).capabilities,
  'source-qemu (QMP)': createQemuSource({ qmp: NOWHERE }).capabilities,
  'source-qemu (libvirt)': createQemuSource({ libvirt: { domain: 'nothing' } }).capabilities,
  'source-vmware': createVmwareSource(VCENTER, { secrets: { get: async () => undefined } }).capabilities,
  'repository-local': localRepository,
  'target-image (qcow2)': createImageTarget({ path: NOWHERE, format: 'qcow2' }).capabilities,
  'target-image (raw)': createImageTarget({ path: NOWHERE, format: 'raw' }).capabilities,
  'target-image (vmdk)': createImageTarget({ path: NOWHERE, format: 'vmdk' }).capabilities,
  'target-image (vhd)': createImageTarget({ path: NOWHERE, format: 'vhd' }).capabilities,
  'target-image (vhdx)': createImageTarget({ path: NOWHERE, format: 'vhdx' }).capabilities,
  'target-vmware': createVmwareTarget(
    { ...VCENTER, name: 'nothing' },
    { secrets: { get: async () => undefined } },
  ).capabilities,
  'target-vmware (OVA)': createOvaTarget({ path: `${NOWHERE}.ova` }).capabilities,
  'target-vmware (OVF folder)': createOvaTarget({ path: `${NOWHERE}/` }).capabilities,
};

function show(value: unknown): string {
  if (Array.isArray(value)) return value.join(' ');
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
}

/** Each plugin with its capabilities by how they were proven: `real`, `simulator` or `model`. */
export function supportMatrix(): string {
  const rows = Object.entries(PLUGINS).map(([name, declared]) => {
    const by = (level: ProofLevel) =>
      Object.entries(declared.proof)
        .filter(([, proof]) => proof === level)
        .map(([key]) => `${key}: ${show(declared[key])}`)
        .join(', ');
    return [name, by('real'), by('simulator'), by('model')];
  });
  return table(['plugin', 'proven on the real thing', 'on a simulator', 'on our own model'], rows);
}

/** What is done with each disk format, by how it was proven, and by what. */
export function formatMatrix(): string {
  const rows = formatProofs.map(({ format, capability, what, level, by }) => [
    format,
    capability,
    what,
    level,
    by,
  ]);
  return table(['format', 'capability', 'of what', 'proven', 'by'], rows);
}

/** What cannot run where the tests run, and so is not proven. */
export function notProven(): string {
  const impossible = readPeers().flatMap(({ name, impossible: reason }) =>
    reason === undefined ? [] : [[name, reason]],
  );
  return table(['not proven', 'because'], impossible);
}
