import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runQuietly } from './run-quietly.ts';
import { unpackedFolder, unpackedPrograms } from './unpacked-packages.ts';

/** What copies an artifact without a project around it. */
const MAVEN_COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy';

/** A program that the package manager of its language builds or downloads, of one version. */
export interface ProgramSource {
  readonly manager: 'go' | 'maven' | 'npm' | 'pip';
  /**
   * `module/path@version`, or `package@version` as `npm-programs/NAME` locks it, or for Go `./folder` of this checkout, whose
   * go.mod locks what it needs; for Maven `group:artifact:version:jar:classifier` of a jar that runs by itself; for pip
   * `package==version` as `python-programs/NAME/requirements.txt` locks it.
   */
  readonly package: string;
}

/** Whether a program of this checkout was built from the sources as they are now; others do not change. */
export function isCurrent(name: string, { package: wanted }: ProgramSource): boolean {
  if (!isOurs(wanted)) return true;
  try {
    const built = statSync(unpackedPrograms(name)).mtimeMs;
    const sources = sourceFolder(wanted);
    return readdirSync(sources).every((file) => statSync(join(sources, file)).mtimeMs < built);
  } catch {
    return false;
  }
}

function isOurs(wanted: string): boolean {
  return wanted.startsWith('./');
}

function sourceFolder(wanted: string): string {
  return fileURLToPath(new URL(`../${wanted}`, import.meta.url));
}

/** Puts the program below `.cache/peers/NAME/usr/bin`, whole or not at all. Tells whether it worked. */
export function fetchProgram(name: string, { manager, package: wanted }: ProgramSource): boolean {
  const target = unpackedFolder(name);
  // at its last place from the start: the programs of npm are links to where they were installed
  rmSync(target, { recursive: true, force: true });
  if (manager === 'maven') return copyJar(name, wanted, target);
  if (manager === 'pip') return installHashed(name, target);
  return manager === 'npm' ? installLocked(name, target) : buildWithGo(wanted, target);
}

/** The jar, and a program that runs it with the machine's Java. */
function copyJar(name: string, wanted: string, target: string): boolean {
  const incoming = join(target, 'incoming');
  mkdirSync(incoming, { recursive: true });
  const settings = [
    `artifact=${wanted}`,
    `outputDirectory=${incoming}`,
    `maven.repo.local=${join(target, 'm2')}`,
  ];
  const command = ['-q', '-B', MAVEN_COPY, ...settings.map((setting) => `-D${setting}`)];
  if (!runQuietly('mvn', command, { cwd: target })) return false;
  const [jar = ''] = readdirSync(incoming);
  const bin = join(target, 'usr', 'bin');
  mkdirSync(bin, { recursive: true });
  renameSync(join(incoming, jar), join(target, 'usr', jar));
  for (const folder of [incoming, join(target, 'm2')]) rmSync(folder, { recursive: true });
  const script = `#!/bin/sh\nexec java -XX:TieredStopAtLevel=1 -Xmx256m -jar "$(dirname "$0")/../${jar}" "$@"\n`;
  writeFileSync(join(bin, name), script, { mode: 0o755 });
  return true;
}

/** The lock decides every version: what a range allows today may not be there in full yet. */
function installLocked(name: string, target: string): boolean {
  const locked = fileURLToPath(new URL(`npm-programs/${name}/`, import.meta.url));
  const folder = join(target, 'usr');
  mkdirSync(folder, { recursive: true });
  for (const file of ['package.json', 'package-lock.json'])
    copyFileSync(join(locked, file), join(folder, file));
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts'];
  if (!runQuietly('npm', ['ci', ...quiet], { cwd: folder })) return false;
  symlinkSync(join('node_modules', '.bin'), join(folder, 'bin'));
  return true;
}

/** Into an environment of its own; only what has a hash in the list, and nothing that would run code to be built. */
function installHashed(name: string, target: string): boolean {
  const list = fileURLToPath(new URL(`python-programs/${name}/requirements.txt`, import.meta.url));
  const folder = join(target, 'usr');
  mkdirSync(target, { recursive: true });
  if (!runQuietly('python3', ['-m', 'venv', folder], { cwd: target })) return false;
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-input'];
  const strict = ['--require-hashes', '--only-binary=:all:', '--no-deps'];
  return runQuietly(
    join(folder, 'bin', 'python'),
    ['-m', 'pip', 'install', ...quiet, ...strict, '-r', list],
    {
      cwd: target,
    },
  );
}

function buildWithGo(wanted: string, target: string): boolean {
  const bin = join(target, 'usr', 'bin');
  mkdirSync(bin, { recursive: true });
  const env = { ...process.env, GOBIN: join(target, 'incoming') };
  const ours = isOurs(wanted);
  const command = ['install', ...(ours ? ['-trimpath', '-buildvcs=false', '.'] : [wanted])];
  if (!runQuietly('go', command, { cwd: ours ? sourceFolder(wanted) : target, env })) return false;
  rmSync(bin, { recursive: true });
  renameSync(env.GOBIN, bin);
  return true;
}
