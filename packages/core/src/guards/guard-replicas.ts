import type { ReplicaCapabilities } from '../plugin/capabilities.ts';
import type {
  ForkDisk,
  ReplicaFork,
  ReplicaOperations,
  ReplicaWriter,
} from '../target/replica-operations.ts';
import { checkCapability, checkObject, checkText } from './check-arguments.ts';
import { Gate } from './gate.ts';
import { guardOnce } from './guard-once.ts';
import { guardPointReader, guardWriters } from './guard-point.ts';
import { guardReaderWithin } from './guard-reader.ts';
import { checkFlushed, guardWriterWithin } from './guard-writer.ts';

type Need = (capability: 'readable' | 'fork' | 'adopt' | undefined, operation: string) => void;

function checkReplica(
  need: Need,
  replica: unknown,
  operation: string,
  capability?: 'readable' | 'fork',
): void {
  need(capability, operation);
  checkObject(replica, 'replica');
}

/** Replica operations, each refused where the target does not declare it. */
export function guardReplicas(
  inner: ReplicaOperations,
  gate: Gate,
  offered: false | ReplicaCapabilities,
): ReplicaOperations {
  const need: Need = (capability, operation) => {
    const has = offered !== false && (capability === undefined || offered[capability]);
    checkCapability(has, capability === undefined ? 'replica' : `replica.${capability}`, 'target', operation);
  };
  return { ...guardCycles(inner, gate, need), ...guardInstants(inner, gate, need) };
}

/** What keeps a replica in step with its source. */
function guardCycles(
  inner: ReplicaOperations,
  gate: Gate,
  need: Need,
): Pick<ReplicaOperations, 'status' | 'begin' | 'adopt' | 'retire'> {
  return {
    status: (replica, call) =>
      gate.query(
        'read-replica',
        call,
        () => checkReplica(need, replica, 'read-replica'),
        () => inner.status(replica, call),
      ),
    begin: (cycle, fence, call) =>
      gate.open(
        'begin-cycle',
        call,
        () => {
          checkReplica(need, cycle, 'begin-cycle');
          checkObject(fence, 'fence');
        },
        async () => guardReplicaWriter(await inner.begin(cycle, fence, call)),
      ),
    adopt: (machine, instant, call) =>
      gate.effect(
        'adopt-machine',
        call,
        () => {
          need('adopt', 'adopt-machine');
          checkObject(machine, 'machine');
        },
        () => inner.adopt(machine, instant, call),
      ),
    retire: (replica, instants, call) =>
      gate.effect(
        'retire-replica',
        call,
        () => checkReplica(need, replica, 'retire-replica'),
        () => inner.retire(replica, instants, call),
      ),
  };
}

/** What uses an instant that a replica holds. */
function guardInstants(
  inner: ReplicaOperations,
  gate: Gate,
  need: Need,
): Pick<ReplicaOperations, 'open' | 'fork'> {
  return {
    open: (replica, instant, call) =>
      gate.open(
        'open-replica',
        call,
        () => {
          checkReplica(need, replica, 'open-replica', 'readable');
          checkText(instant, 'instant', 'open-replica');
        },
        async () => guardPointReader(await inner.open(replica, instant, call)),
      ),
    fork: (replica, instant, options, call) =>
      gate.open(
        'fork-replica',
        call,
        () => {
          checkReplica(need, replica, 'fork-replica', 'fork');
          checkText(instant, 'instant', 'fork-replica');
        },
        async () => guardFork(await inner.fork(replica, instant, options, call)),
      ),
  };
}

const guardReplicaWriter = guardOnce<ReplicaWriter>((inner) => {
  const gate = new Gate('replica writer');
  const disks = guardWriters(inner.disks, gate);
  return {
    disks,
    commit: (call) =>
      gate.effect(
        'commit-cycle',
        call,
        () => checkFlushed(disks, 'commit-cycle'),
        () => inner.commit(call),
      ),
    [Symbol.asyncDispose]: () => gate.close(inner),
  };
});

const guardFork = guardOnce<ReplicaFork>((inner) => {
  const gate = new Gate('replica fork');
  const guardDisk = ({ reader, writer }: ForkDisk): ForkDisk => ({
    reader: guardReaderWithin(reader, gate),
    writer: guardWriterWithin(writer, gate),
  });
  return {
    disks: new Map([...inner.disks].map(([id, disk]) => [id, guardDisk(disk)])),
    start: (call) => gate.effect('start-fork', call, undefined, () => inner.start(call)),
    keep: (call) => gate.effect('keep-fork', call, undefined, () => inner.keep(call)),
    [Symbol.asyncDispose]: () => gate.close(inner),
  };
});
