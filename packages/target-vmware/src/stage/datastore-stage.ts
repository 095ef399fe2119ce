import { randomBytes } from 'node:crypto';
import { type Call, SendenseError, throwIfAborted } from '@sendense/core';
import { createMachine, uploadFile } from '@sendense/platform-vmware';
import { carrierSpecification } from '../design/config-spec.ts';
import { carrierName, folderOf, machineOfId } from '../restore/find-machines.ts';
import { notesOf } from '../restore/restore-scope.ts';
import type { OpenStage } from './stage.ts';

/** Zeros are sent in pieces of this size. */
const ZERO_PIECE = new Uint8Array(1024 * 1024);

/** What a host takes the extent of a flat disk by. */
function descriptorOf(flat: string, sizeBytes: number): string {
  return [
    '# Disk DescriptorFile',
    'version=1',
    'encoding="UTF-8"',
    `CID=${randomBytes(4)
      .toString('hex')
      .replace(/^f{7}[ef]$/, '00000001')}`,
    'parentCID=ffffffff',
    'createType="vmfs"',
    '',
    '# Extent description',
    `RW ${sizeBytes / 512} VMFS "${flat}"`,
    '',
    '# The Disk Data Base',
    '#DDB',
    '',
    'ddb.adapterType = "lsilogic"',
    `ddb.geometry.cylinders = "${Math.min(65_535, Math.floor(sizeBytes / 512 / 255 / 63))}"`,
    'ddb.geometry.heads = "255"',
    'ddb.geometry.sectors = "63"',
    'ddb.virtualHWVersion = "13"',
    '',
  ].join('\n');
}

/**
 * Puts a flat disk on a datastore by the file service: whole and with its zeros, because it takes no parts. A machine without a disk
 * says whose the folder is.
 */
export const openDatastoreStage: OpenStage = async (scope, planned) => {
  const { client, plan, details } = scope;
  const { datastore, datacenterPath, pool, folder, host } = details;
  const sizeBytes = planned.targetSizeBytes;
  const name = carrierName(plan.id, planned.number);
  const annotation = notesOf(scope, name);
  const spec = carrierSpecification({ name, annotation, datastore }, undefined);
  const object = await createMachine(client, spec, { folder, pool, host: host ?? undefined });
  const made = await machineOfId(client, object.id);
  if (made === undefined) {
    throw new SendenseError('NOT_FOUND', `the machine ${name} is gone already`, { operation: 'open-upload' });
  }
  const place = folderOf(made.configFile);
  const [, directory = ''] = /^\[[^\]]+\] (.+)$/.exec(place) ?? [];
  const fileAt = (file: string) => ({ datastore, path: `${directory}/${file}`, datacenter: datacenterPath });
  const upload = uploadFile(client, fileAt('disk-flat.vmdk'), sizeBytes);
  let position = 0;
  const fill = async (end: number, call: Call | undefined): Promise<void> => {
    while (position < end) {
      throwIfAborted(call?.signal, 'write-disk');
      const piece = ZERO_PIECE.subarray(0, Math.min(ZERO_PIECE.byteLength, end - position));
      await upload.send(piece);
      position += piece.byteLength;
    }
  };
  return {
    carrier: object.id,
    async write(offset, data, call) {
      await fill(offset, call);
      // the caller may use its memory again at once
      await upload.send(data.slice());
      position = offset + data.byteLength;
    },
    async finish(call) {
      await fill(sizeBytes, call);
      await upload.finish();
      const text = new TextEncoder().encode(descriptorOf('disk-flat.vmdk', sizeBytes));
      const descriptor = uploadFile(client, fileAt('disk.vmdk'), text.byteLength);
      await descriptor.send(text);
      await descriptor.finish();
      return `${place}/disk.vmdk`;
    },
    abandon: () => upload.abandon(),
  };
};
