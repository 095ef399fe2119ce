import { run } from './program.ts';

/** An entry of a zip as Python's `zipfile` reads it. */
export type ReadEntry = {
  readonly name: string;
  /** Bytes of the name in hex. */
  readonly nameBytes: string;
  /** As `st_mode` of Unix. */
  readonly unixMode: number;
  readonly sizeBytes: number;
  /** Extra fields of its directory record by their number. */
  readonly extra: Readonly<Record<string, string>>;
  /** Date and time as MS-DOS tells them. */
  readonly dosTime: readonly number[];
  /** SHA-256 of its content; `null` for more than 64 MiB. */
  readonly sha256: string | null;
};

const SCRIPT = `
import hashlib, json, sys, zipfile
def extra(data):
    fields = {}
    while len(data) >= 4:
        size = int.from_bytes(data[2:4], 'little')
        fields['%04x' % int.from_bytes(data[:2], 'little')] = data[4:4 + size].hex()
        data = data[4 + size:]
    return fields
archive, entries = zipfile.ZipFile(sys.argv[1]), []
for info in archive.infolist():
    digest = None
    if info.file_size <= 64 << 20:
        digest = hashlib.sha256(archive.read(info)).hexdigest()
    raw = info.orig_filename.encode('utf-8' if info.flag_bits & 0x800 else 'cp437')
    entries.append({'name': info.filename, 'nameBytes': raw.hex(), 'unixMode': info.external_attr >> 16,
      'sizeBytes': info.file_size, 'extra': extra(info.extra), 'dosTime': info.date_time, 'sha256': digest})
print(json.dumps(entries))
`;

/** Reads a zip with Python, which checks the structure, and the checksums of all content that it reads. */
export function readZip(path: string): ReadEntry[] {
  return JSON.parse(run('/usr/bin/python3', ['-c', SCRIPT, path])) as ReadEntry[];
}
