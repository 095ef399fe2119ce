import { SendenseError } from '@sendense/core';
import { testScale, testSeed } from '@sendense/tests/scale';
import { describe, expect, it } from 'vitest';
import { queryChangedAreas } from '../src/changes/index.ts';
import { readLease } from '../src/lease/wait-for-lease.ts';
import { waitForTask } from '../src/properties/index.ts';
import { readSnapshots } from '../src/snapshot/index.ts';
import { damage, numbersFrom } from './support/damage.ts';
import { change, type Script, scripted, taskScript, update } from './support/scripted-session.ts';

const CASES = 300 * testScale();
const MACHINE = { type: 'VirtualMachine', id: 'vm-7' };
const DISK_BYTES = 4 * 65_536;

function object(type: string, id: string, properties: string): string {
  return `<RetrievePropertiesExResponse><returnval><objects><obj type="${type}">${id}</obj>${properties}</objects></returnval></RetrievePropertiesExResponse>`;
}

/** A piece of 64 KiB with two areas, the second of which goes on in the next. */
function piece(start: number): string {
  const area = (offset: number, length: number) =>
    `<changedArea><start>${start + offset}</start><length>${length}</length></changedArea>`;
  return `<QueryChangedDiskAreasResponse><returnval><startOffset>${start}</startOffset><length>65536</length>${area(0, 512)}${area(61_440, 4096)}</returnval></QueryChangedDiskAreasResponse>`;
}

const LEASE = object(
  'HttpNfcLease',
  'session[1]2',
  `<propSet><name>state</name><val>ready</val></propSet><propSet><name>info</name><val><lease type="HttpNfcLease">session[1]2</lease><entity type="VirtualMachine">vm-7</entity><deviceUrl><key>/vm-7/ParaVirtualSCSIController0:0</key><importKey>/vm-7/0</importKey><url>https://*/nfc/52-1/disk-0.vmdk</url><sslThumbprint>AA:BB</sslThumbprint><disk>true</disk><targetId>disk-0.vmdk</targetId><fileSize>70000</fileSize></deviceUrl><totalDiskCapacityInKB>1024</totalDiskCapacityInKB><leaseTimeout>300</leaseTimeout></val></propSet>`,
);

function node(id: number, more = ''): string {
  return `<snapshot type="VirtualMachineSnapshot">snapshot-${id}</snapshot><vm type="VirtualMachine">vm-7</vm><name>s${id}</name><description>d</description><id>${id}</id><createTime>2026-11-20T10:00:00.5Z</createTime><state>poweredOn</state><quiesced>false</quiesced>${more}`;
}

const TREE = object(
  'VirtualMachine',
  'vm-7',
  `<propSet><name>snapshot</name><val><currentSnapshot type="VirtualMachineSnapshot">snapshot-3</currentSnapshot><rootSnapshotList>${node(
    1,
    `<childSnapshotList>${node(2, `<childSnapshotList>${node(3)}</childSnapshotList>`)}</childSnapshotList>`,
  )}</rootSnapshotList></val></propSet>`,
);

const PROGRESS = update(1, change('info.state', 'running') + change('info.progress', '40'));
const SUCCESS = update(2, change('info.state', 'success') + change('info.result', 'done'));

/** Numbers that a list of areas may have, and some that it may not: what else stands there is refused each time. */
const NUMBERS = ['0', '1', '511', '512', '4096', '65536', '65537', '131072', '262144', '-1', '9'.repeat(30)];

/** Reads one answer that `spoil` damages, and holds what was read against what must be true of it whatever the answer. */
type Reading = (
  spoil: (text: string, pieces?: readonly string[]) => string,
  next: (below: number) => number,
) => Promise<void>;

async function opened(script: Script) {
  const { session } = scripted(script);
  await session.open();
  return session;
}

const readings: readonly (readonly [string, Reading])[] = [
  [
    'lists of changed areas',
    async (spoil, next) => {
      const spoiled = next(4) * 65_536;
      const QueryChangedDiskAreas: Script[string] = ({ body }) => {
        const start = Number(/<startOffset[^>]*>(\d+)</.exec(body)?.[1]);
        return start === spoiled ? spoil(piece(start), NUMBERS) : piece(start);
      };
      const request = { machine: MACHINE, snapshot: MACHINE, deviceKey: 2000, sizeBytes: DISK_BYTES };
      const areas = queryChangedAreas(await opened({ QueryChangedDiskAreas }), {
        ...request,
        changeId: '52/1',
      });
      let end = -1;
      for await (const { offset, length } of areas) {
        // apart, ascending, inside the disk
        expect(offset).toBeGreaterThan(end);
        expect(length).toBeGreaterThan(0);
        end = offset + length;
        expect(end).toBeLessThanOrEqual(DISK_BYTES);
      }
    },
  ],
  [
    'the info of a lease',
    async (spoil) => {
      const session = await opened({ RetrievePropertiesEx: () => spoil(LEASE) });
      const status = await readLease(session, { type: 'HttpNfcLease', id: 'session[1]2' }, 'ExportSnapshot');
      if (status.state !== 'ready') return;
      expect(status.info.timeoutMs).toBeGreaterThan(0);
      for (const { url } of status.info.devices) expect(url).toBeInstanceOf(URL);
    },
  ],
  [
    'updates of a task',
    async (spoil, next) => {
      let nowMs = 0;
      const timer = { monotonicMs: () => (nowMs += 20_000) };
      const news = next(2) === 0 ? [spoil(PROGRESS), SUCCESS] : [PROGRESS, spoil(SUCCESS)];
      const call = { timer, onPercent: (percent: number) => expect(percent).toBeTypeOf('number') };
      const session = await opened(taskScript(news));
      await waitForTask(session, { type: 'Task', id: 'task-1' }, 'X_Task', call);
    },
  ],
  [
    'the tree of snapshots',
    async (spoil) => {
      const session = await opened({ RetrievePropertiesEx: () => spoil(TREE) });
      const { snapshots } = await readSnapshots(session, MACHINE);
      const seen = new Set<string>();
      for (const {
        object: { id },
        parent,
      } of snapshots) {
        // each after the one below it
        expect(parent === undefined || seen.has(parent.id)).toBe(true);
        seen.add(id);
      }
    },
  ],
];

describe('damaged answers', () => {
  it.each(readings)('of %s are read or refused', async (_what, read) => {
    const seed = testSeed();
    const next = numbersFrom(seed);
    const counts = { read: 0, refused: 0 };
    const spoil = (text: string, pieces?: readonly string[]): string => {
      let spoiled = text;
      for (let times = 0; times <= next(3); times += 1) spoiled = damage(spoiled, next, pieces);
      return spoiled;
    };
    for (let index = 0; index < CASES; index += 1) {
      try {
        await read(spoil, next);
        counts.read += 1;
      } catch (error) {
        if (!SendenseError.is(error)) throw new Error(`seed ${seed}, case ${index}`, { cause: error });
        counts.refused += 1;
      }
    }
    expect(counts.read, `seed ${seed}`).toBeGreaterThan(CASES / 10);
    expect(counts.refused, `seed ${seed}`).toBeGreaterThan(0);
  });
});
