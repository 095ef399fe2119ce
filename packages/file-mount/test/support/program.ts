import { execFileSync } from 'node:child_process';

/** Runs a program that is to succeed, and gives what it printed. Administrators' programs are found too. */
export function run(
  program: string,
  args: readonly string[],
  input?: string,
  variables: Readonly<Record<string, string>> = {},
): string {
  const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;
  const env = { ...process.env, PATH, LC_ALL: 'C.UTF-8', MKE2FS_CONFIG: '/dev/null', ...variables };
  const options = { env, encoding: 'utf8', stdio: 'pipe' } as const;
  return execFileSync(program, args, input === undefined ? options : { ...options, input });
}
