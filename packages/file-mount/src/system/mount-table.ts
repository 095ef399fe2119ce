import { readFile } from 'node:fs/promises';

/** What is mounted, and where; as proc_pid_mountinfo(5) tells it. */
export type MountEntry = {
  readonly path: string;
  /** `ext4`, `fuse.ntfs-3g` … */
  readonly fileSystem: string;
  /** A device or file; what a FUSE driver calls it. */
  readonly source: string;
};

/** All that this process sees mounted, in the order in which it was. */
export async function readMountTable(): Promise<readonly MountEntry[]> {
  return parseMountTable(await readFile('/proc/self/mountinfo', 'utf8'));
}

/** Lines that are no mounts are left out. */
export function parseMountTable(text: string): readonly MountEntry[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.split(' ');
    const end = fields.indexOf('-', 6);
    const [path, fileSystem, source] = [fields[4], fields[end + 1], fields[end + 2]];
    if (end === -1 || path === undefined || fileSystem === undefined || source === undefined) return [];
    return [{ path: plain(path), fileSystem, source: plain(source) }];
  });
}

/** Blanks, line ends and backslashes are written as a backslash and three octal digits, each a byte. */
function plain(text: string): string {
  if (!text.includes('\\')) return text;
  const bytes: number[] = [];
  const encoded = Buffer.from(text);
  for (let at = 0; at < encoded.byteLength; at += 1) {
    const digits = encoded[at] === 0x5c ? encoded.toString('latin1', at + 1, at + 4) : '';
    if (/^[0-3][0-7]{2}$/u.test(digits)) {
      bytes.push(Number.parseInt(digits, 8));
      at += 3;
    } else bytes.push(encoded[at] ?? 0);
  }
  return Buffer.from(bytes).toString();
}
