import {
  type CompatibilityReport,
  type Finding,
  type PropertyOutcome,
  planId,
  type RestorePlan,
  type RestoreRequest,
  restorePlanSchema,
  type TargetCapabilities,
} from '@sendense/core';

/** Answers whether the machine can be restored here, what becomes of each property, and how. Looks, never touches. */
export function checkRestore(
  request: RestoreRequest,
  capabilities: TargetCapabilities,
  uuid: string,
): CompatibilityReport {
  const findings = [...machineFindings(request, capabilities), ...diskFindings(request, capabilities)];
  const compatible = findings.every(({ severity }) => severity !== 'error');
  return {
    compatible,
    findings,
    properties: outcomes(request),
    plan: compatible ? planOf(request, capabilities, uuid) : null,
  };
}

function machineFindings({ spec, into }: RestoreRequest, capabilities: TargetCapabilities): Finding[] {
  const findings: Finding[] = [];
  if (!capabilities.into.includes(into)) {
    findings.push({ severity: 'error', code: 'into-unsupported', message: `cannot restore as ${into} here` });
  }
  if (into === 'new-machine' && !capabilities.firmware.includes(spec.firmware)) {
    const message = `machines with ${spec.firmware} firmware do not start here`;
    findings.push({ severity: 'error', code: 'firmware-unsupported', message });
  }
  return findings;
}

function diskFindings({ disks }: RestoreRequest, { maxDiskBytes }: TargetCapabilities): Finding[] {
  return disks
    .filter(({ sizeBytes }) => sizeBytes > maxDiskBytes)
    .map(({ id, sizeBytes }) => ({
      severity: 'error',
      code: 'disk-too-large',
      message: `disk ${id} has ${sizeBytes} bytes, ${maxDiskBytes} is the most`,
      disk: id,
    }));
}

function outcomes({ spec, into }: RestoreRequest): PropertyOutcome[] {
  const present = Object.entries(spec).filter(([name, value]) => name !== 'schema' && value !== undefined);
  return present.map(([property, value]) => {
    const from = typeof value === 'string' ? value : JSON.stringify(value);
    const kept = into === 'new-machine' && KEPT.has(property);
    const disks = property === 'disks';
    return { property, from, outcome: kept || disks ? 'kept' : 'lost', to: kept || disks ? from : null };
  });
}

/** What a memory machine has; the rest of the model is lost. */
const KEPT: ReadonlySet<string> = new Set(['name', 'firmware', 'disks']);

function planOf(
  { spec, into, overwrite, start, disks, options }: RestoreRequest,
  { sizeMultipleBytes, minDiskBytes }: TargetCapabilities,
  uuid: string,
): RestorePlan {
  const id = planId(uuid);
  return restorePlanSchema.parse({
    schema: 1,
    id,
    platform: 'memory',
    into,
    overwrite,
    start,
    spec,
    options,
    disks: disks.map((disk) => ({
      ...disk,
      targetSizeBytes: Math.max(
        minDiskBytes,
        Math.ceil(disk.sizeBytes / sizeMultipleBytes) * sizeMultipleBytes,
      ),
      location: `${spec.name}/disk-${disk.number}`,
    })),
  });
}
