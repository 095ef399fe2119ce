import { setImmediate } from 'node:timers/promises';
import { type Call, type Finding, SendenseError, throwIfAborted } from '@sendense/core';
import { type ByteSource, readBytes } from '../bytes/byte-source.ts';
import { damaged } from '../bytes/damage.ts';
import { type MappedRun, MappedSource } from '../bytes/mapped-source.ts';
import { ATTRIBUTE } from './attribute.ts';
import { type Clusters, isMapped, streamRuns, writtenBytes } from './attribute-stream.ts';
import type { NtfsLayout } from './boot-sector.ts';
import type { FileReference } from './file-reference.ts';
import { type MftRecord, parseMftRecord } from './mft-record.ts';
import { NtfsFile } from './ntfs-file.ts';

/** Record of the table itself. */
const TABLE_RECORD = 0;
/** Records after which others get their turn: some milliseconds of work where they are in memory already. */
const RECORDS_PER_TURN = 256;
/** Record of the root folder. */
export const ROOT_RECORD = 5;

/** The master file table: all records of a volume, one after the other, wherever its runs lie. */
export class MasterFileTable {
  readonly volume: Clusters;
  /** What was noteworthy of it. */
  readonly findings: readonly Finding[];
  readonly #recordBytes: number;
  #records: ByteSource;
  #recordsRead = 0;

  private constructor(volume: Clusters, recordBytes: number, findings: readonly Finding[]) {
    this.volume = volume;
    this.findings = findings;
    this.#recordBytes = recordBytes;
    this.#records = new MappedSource([]);
  }

  /**
   * Finds the table by its own record, or by the copy of that in its mirror, which is told. Its runs may need records that earlier runs
   * of it hold. Rejects with `CORRUPT`.
   */
  static async open(source: ByteSource, layout: NtfsLayout, call?: Call): Promise<MasterFileTable> {
    const volume: Clusters = {
      source,
      clusterBytes: layout.clusterBytes,
      clusters: layout.clusters,
    };
    const { record, findings } = await readTableRecord(source, layout, call);
    const table = new MasterFileTable(volume, layout.recordBytes, findings);
    await table.#map(record, call);
    return table;
  }

  /** The file or folder that a reference means; a sequence of 0 means any. Rejects with `CORRUPT`. */
  async file(reference: FileReference, call?: Call): Promise<NtfsFile> {
    const record = await this.#record(reference, call);
    return NtfsFile.open(this.volume, record, (place, inner) => this.#record(place, inner), call);
  }

  async #record({ record, sequence }: FileReference, call: Call | undefined): Promise<MftRecord> {
    if (++this.#recordsRead % RECORDS_PER_TURN === 0) {
      await setImmediate();
      throwIfAborted(call?.signal, 'read-file-system');
    }
    const at = record * this.#recordBytes;
    if (at + this.#recordBytes > this.#records.sizeBytes)
      throw damaged(`there is no MFT record ${record}`, { record });
    const found = parseMftRecord(record, await readBytes(this.#records, at, this.#recordBytes, call));
    if (sequence !== 0 && found.sequence !== sequence)
      throw damaged(`MFT record ${record} is that of another file than was meant`, { record });
    return found;
  }

  async #map(record: MftRecord, call: Call | undefined): Promise<void> {
    const { clusterBytes, source } = this.volume;
    const file = await NtfsFile.open(this.volume, record, (place, inner) => this.#record(place, inner), call);
    const data = await file.find(ATTRIBUTE.data, '', call);
    if (data === undefined || !isMapped(data)) throw damaged('the master file table has no runs');
    const sizeBytes = writtenBytes(data);
    const runs: MappedRun[] = [];
    const window = { first: 0, end: Math.ceil(sizeBytes / clusterBytes) };
    for await (const { fileBlock, blocks, volumeBlock } of streamRuns(this.volume, data, window, call)) {
      const start = fileBlock * clusterBytes;
      if (start !== this.#records.sizeBytes) throw damaged('the master file table has a hole');
      runs.push({ start, length: blocks * clusterBytes, source, offset: volumeBlock * clusterBytes });
      this.#records = new MappedSource(runs);
    }
  }
}

async function readTableRecord(
  source: ByteSource,
  { tableCluster, mirrorCluster, clusterBytes, recordBytes }: NtfsLayout,
  call: Call | undefined,
): Promise<{ readonly record: MftRecord; readonly findings: readonly Finding[] }> {
  const read = async (cluster: number): Promise<MftRecord> =>
    parseMftRecord(TABLE_RECORD, await readBytes(source, cluster * clusterBytes, recordBytes, call));
  try {
    return { record: await read(tableCluster), findings: [] };
  } catch (error) {
    if (!SendenseError.is(error, 'CORRUPT')) throw error;
    return { record: await read(mirrorCluster), findings: [TABLE_DAMAGED] };
  }
}

const TABLE_DAMAGED: Finding = {
  severity: 'warning',
  code: 'file-system-errors',
  message:
    'the first record of the master file table is damaged: its copy was used, files may be missing or wrong',
};
