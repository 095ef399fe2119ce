import { SendenseError } from '@sendense/core';
import { createStreamVmdk } from '@sendense/formats/vmdk';
import { describeMachine, importMachine, importSpecOf, uploadDisk } from '@sendense/platform-vmware';
import { carrierSpecification } from '../design/config-spec.ts';
import { carrierName } from '../restore/find-machines.ts';
import { notesOf } from '../restore/restore-scope.ts';
import type { OpenStage } from './stage.ts';

/**
 * Sends a disk by the lease of an import. Each disk has a lease, and so a machine, of its own: a lease ends with the process that holds
 * it, and takes along all that it has made; what was completed stays.
 */
export const openLeaseStage: OpenStage = async (scope, planned, call) => {
  const { client, plan, details, context } = scope;
  const { datastore, pool, folder, host, provisioning } = details;
  const { timer } = context;
  const sizeBytes = planned.targetSizeBytes;
  const name = carrierName(plan.id, planned.number);
  const annotation = notesOf(scope, name);
  const spec = importSpecOf(
    carrierSpecification({ name, annotation, datastore }, { sizeBytes, provisioning }),
  );
  const request = { spec, pool, folder, host: host ?? undefined };
  const imported = await importMachine(client, request, { ...call, timer });
  const { lease, machine } = imported;
  const device = lease.devices.find(({ isDisk }) => isDisk);
  if (device === undefined) {
    await lease.abort();
    throw new SendenseError('PROTOCOL_VIOLATION', `the lease of ${name} has no place for a disk`, {
      operation: 'open-lease',
      remedy: 'report this with the version of the server',
    });
  }
  const upload = uploadDisk(client, imported, device, `disk-${planned.number} of ${details.name}`);
  const stream = await createStreamVmdk({ sizeBytes, sink: (bytes) => upload.send(bytes) });
  return {
    carrier: machine.id,
    async write(offset, data, options) {
      await stream.write(offset, data, options);
      lease.percent((100 * offset) / sizeBytes);
    },
    async finish(options) {
      await stream.flush(options);
      await upload.finish();
      lease.percent(100);
      await lease.complete().catch((error: unknown) => {
        throw SendenseError.is(error, 'NOT_FOUND') ? leaseGone(name, error) : error;
      });
      const { disks } = (await describeMachine(client, machine, options)).machine;
      const file = disks[0]?.fileName;
      if (file !== undefined) return file;
      throw new SendenseError('PROTOCOL_VIOLATION', `the machine ${name} has lost its disk`, {
        operation: 'complete-lease',
        remedy: 'resume the restore',
      });
    },
    async abandon() {
      await upload.abandon();
      await lease.abort();
      await stream[Symbol.asyncDispose]();
    },
  };
};

/** A lease ends with the session that it was made in. */
function leaseGone(name: string, cause: unknown): SendenseError {
  return new SendenseError('EXPIRED', `the lease of ${name} ended before its disk was complete`, {
    operation: 'complete-lease',
    cause,
    remedy: 'resume the restore: the disk is sent again',
  });
}
