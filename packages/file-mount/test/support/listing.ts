import { run } from './program.ts';

/** Writes a line for each file below a folder, and one for the bytes of each: programs of the system tell them, the lines are sorted. */
export function writeListing(folder: string, output: string): void {
  const kept = "find . -printf '%y %m %U %G %T@ %p\\n'";
  const digests = 'find . -type f -exec sha256sum {} +';
  const listing = `set -o pipefail; cd "$1" && { ${kept} && ${digests}; } | sort > "$2"`;
  run('bash', ['-c', listing, 'bash', folder, output]);
}

/** Lines of two listings that differ, the first few. */
export function differences(one: string, other: string): string {
  return run('bash', ['-c', 'diff "$1" "$2" 2>&1 | head -n 20', 'bash', one, other]);
}
