import { type RestorePlan, type RestoreRequest, SendenseError } from '@sendense/core';
import type { VimNetwork } from '@sendense/platform-vmware';
import { z } from 'zod';
import { chooseSeats } from '../design/choose-seats.ts';
import { designMachine } from '../design/design-machine.ts';
import { diskSeatSchema, machineDesignSchema } from '../design/machine-design.ts';
import type { Outcomes } from '../design/outcomes.ts';
import { type CheckedOptions, parseVmwareTargetOptions } from '../options.ts';
import type { CheckedOvaOptions } from './options.ts';

/** What a package says of the machine: kept as the `options` of the plan. */
const packageDesignSchema = z.object({
  schema: z.literal(1),
  name: z.string().min(1),
  hardwareVersion: z.int(),
  machine: machineDesignSchema,
  seats: z.array(diskSeatSchema).min(1).max(1024),
});

/** See {@link packageDesignSchema}. */
export type PackageDesign = z.infer<typeof packageDesignSchema>;

/** The network of a card that names none: it cannot be left out of a package. */
const NO_NETWORK = 'VM Network';

/** The networks that the machine names: whoever imports the package maps them to others. */
function networksOf({ spec }: RestoreRequest): readonly VimNetwork[] {
  const names = new Set([...spec.nics.flatMap(({ network }) => network ?? []), NO_NETWORK]);
  return [...names].map((name) => ({ object: { type: 'Network', id: name }, name }));
}

/** The design asks for the options of a server; those of the place say nothing of the machine. */
function designOptions(
  { macAddresses, firmware, guestId, scsiController }: CheckedOvaOptions,
  name: string,
  networks: readonly VimNetwork[],
): CheckedOptions {
  const server = parseVmwareTargetOptions({ address: 'none', user: 'none', name: 'none', macAddresses });
  return {
    ...server,
    name,
    networks: Object.fromEntries(networks.map((network) => [network.name, { network: network.name }])),
    defaultNetwork: { network: NO_NETWORK },
    firmware,
    guestId,
    scsiController,
  };
}

/** The machine as the package describes it, as near to the old one as OVF can tell; what is not the same is in `outcomes`. */
export function designPackage(
  request: RestoreRequest,
  options: CheckedOvaOptions,
  outcomes: Outcomes,
): PackageDesign {
  const name = options.name ?? request.spec.name;
  const networks = networksOf(request);
  const given = designOptions(options, name, networks);
  const tags = { found: [], why: 'a package holds none' };
  const place = { networks, canHoldFiles: false, unfitVariables: undefined, tags };
  const { machine } = designMachine(request, given, place, outcomes);
  const seats = chooseSeats(request, given, outcomes);
  for (const { id, label, readOnly } of request.spec.disks) {
    if (label !== undefined) outcomes.became(`disks[${id}].label`, label, null);
    if (readOnly !== true) continue;
    outcomes.became(`disks[${id}].readOnly`, true, null);
    outcomes.tell('warning', 'read-only-lost', `disk ${id} was read-only: an OVF package cannot tell it`);
  }
  return { schema: 1, name, hardwareVersion: options.hardwareVersion, machine, seats: [...seats] };
}

/** Throws `CONFIG_INVALID` for a plan that another target made. */
export function parsePackageDesign({ options, disks }: RestorePlan): PackageDesign {
  const parsed = packageDesignSchema.safeParse(options);
  if (parsed.success && parsed.data.seats.length === disks.length) return parsed.data;
  throw new SendenseError('CONFIG_INVALID', 'the plan was not made by an OVF target', {
    operation: 'begin-restore',
    remedy: 'begin with the plan that check() of this target gives',
  });
}
