import { type Call, type Json, SendenseError } from '@sendense/core';
import type { QmpClient } from '@sendense/platform-kvm/qmp';
import { z } from 'zod';

const bytes = z.int().nonnegative();
const text = z.string().max(65_536);

const bitmapSchema = z.object({
  /** Bitmaps without a name are those of jobs. */
  name: text.optional(),
  recording: z.boolean(),
  persistent: z.boolean(),
  inconsistent: z.boolean().default(false),
  granularity: bytes,
  /** Dirty bytes. */
  count: bytes,
});

const nodeSchema = z.object({
  'node-name': text,
  drv: text,
  ro: z.boolean(),
  image: z.object({ filename: text, 'virtual-size': bytes, 'actual-size': bytes.optional() }),
  'dirty-bitmaps': z.array(bitmapSchema).default([]),
});

/** A block node of QEMU. */
export type BlockNode = z.infer<typeof nodeSchema>;

const blockSchema = z.object({
  device: text,
  qdev: text.optional(),
  removable: z.boolean(),
  inserted: z.object({ 'node-name': text.optional(), ro: z.boolean() }).optional(),
});

/** A device that has or may have a medium. */
export type BlockDevice = z.infer<typeof blockSchema>;

const graphSchema = z.object({
  nodes: z.array(z.object({ id: z.int(), type: text, name: text })).max(65_536),
  edges: z.array(z.object({ parent: z.int(), child: z.int(), name: text })).max(65_536),
});

/** Who stands above whom. */
export type BlockGraph = z.infer<typeof graphSchema>;

const jobSchema = z.object({ id: text, type: text, status: text, error: text.optional() });

/** A block job. */
export type BlockJob = z.infer<typeof jobSchema>;

const exportSchema = z.object({ id: text, type: text, 'node-name': text });

async function ask<Schema extends z.ZodType>(
  qmp: QmpClient,
  question: { readonly command: string; readonly args?: { readonly [key: string]: Json } },
  schema: Schema,
  call?: Call,
): Promise<z.output<Schema>> {
  const { command, args } = question;
  const answer = schema.safeParse(await qmp.execute(command, args, call));
  if (answer.success) return answer.data;
  throw new SendenseError(
    'PROTOCOL_VIOLATION',
    `QEMU answered ${command} in another shape: ${z.prettifyError(answer.error).slice(0, 500)}`,
    { operation: command },
  );
}

/** All nodes, protocol nodes and filters included. */
export function queryNodes(qmp: QmpClient, call?: Call): Promise<readonly BlockNode[]> {
  const question = { command: 'query-named-block-nodes', args: { flat: true } };
  return ask(qmp, question, z.array(nodeSchema).max(65_536), call);
}

/** All devices and named drives. */
export function queryDevices(qmp: QmpClient, call?: Call): Promise<readonly BlockDevice[]> {
  return ask(qmp, { command: 'query-block' }, z.array(blockSchema).max(4096), call);
}

/** The block graph. The command is a debugging aid, but has been the same in every QEMU since 4.0. */
export function queryGraph(qmp: QmpClient, call?: Call): Promise<BlockGraph> {
  return ask(qmp, { command: 'x-debug-query-block-graph' }, graphSchema, call);
}

/** All jobs, concluded ones included until they are dismissed. */
export function queryJobs(qmp: QmpClient, call?: Call): Promise<readonly BlockJob[]> {
  return ask(qmp, { command: 'query-jobs' }, z.array(jobSchema).max(4096), call);
}

/** All block exports. */
export function queryExports(qmp: QmpClient, call?: Call): Promise<readonly z.infer<typeof exportSchema>[]> {
  return ask(qmp, { command: 'query-block-exports' }, z.array(exportSchema).max(4096), call);
}

/** What QEMU knows of the machine besides its disks. */
export type MachineFacts = {
  readonly uuid: string;
  readonly name: string | undefined;
  readonly target: string;
  readonly memoryBytes: number;
  readonly cpus: number;
  readonly running: boolean;
};

/** Asks for identity and size of the machine. */
export async function queryFacts(qmp: QmpClient, call?: Call): Promise<MachineFacts> {
  const uuid = await ask(qmp, { command: 'query-uuid' }, z.object({ UUID: z.uuid() }), call);
  const name = await ask(qmp, { command: 'query-name' }, z.object({ name: text.optional() }), call);
  const target = await ask(qmp, { command: 'query-target' }, z.object({ arch: text }), call);
  const memory = z.object({ 'base-memory': bytes });
  const size = await ask(qmp, { command: 'query-memory-size-summary' }, memory, call);
  const cpus = await ask(qmp, { command: 'query-cpus-fast' }, z.array(z.unknown()), call);
  const status = await ask(qmp, { command: 'query-status' }, z.object({ running: z.boolean() }), call);
  return {
    uuid: uuid.UUID.toLowerCase(),
    name: name.name === '' ? undefined : name.name,
    target: target.arch,
    memoryBytes: size['base-memory'],
    cpus: cpus.length,
    running: status.running,
  };
}
