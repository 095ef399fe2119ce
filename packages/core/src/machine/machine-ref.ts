import { z } from 'zod';
import { type MachineKey, machineKey, uuidV5 } from '../values/identifiers.ts';

/** A machine as its platform names it: `connection` says which endpoint, `id` is the platform's own id. */
export const machineRefSchema = z.object({
  connection: z.string().min(1).max(512),
  id: z.string().min(1).max(1024),
});

/** See {@link machineRefSchema}. */
export type MachineRef = Readonly<z.infer<typeof machineRefSchema>>;

/** Namespace of all machine keys; constant for ever, or keys would change. */
const MACHINE_NAMESPACE = '5b0c9c1e-6f0e-4d55-9a43-8f7b6a1f0a2d';

/** The machine key of a reference: UUIDv5 of connection and id. The platform's VM UUID alone is not unique. */
export function machineKeyOf(ref: MachineRef): MachineKey {
  return machineKey(uuidV5(MACHINE_NAMESPACE, `${ref.connection}\n${ref.id}`));
}
