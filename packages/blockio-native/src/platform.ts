/** The platforms for which a package with the native part is configured. */
export const PLATFORMS: ReadonlySet<string> = new Set([
  'darwin-arm64',
  'darwin-x64',
  'linux-arm64-gnu',
  'linux-arm64-musl',
  'linux-x64-gnu',
  'linux-x64-musl',
  'win32-x64-msvc',
]);

/** What tells a platform, as `process` has it. */
export type PlatformFacts = {
  readonly platform: string;
  readonly arch: string;
  /** Whether Node runs on glibc; of no meaning outside Linux. */
  readonly glibc: boolean;
};

/** What this process runs on. */
export function platformFacts(): PlatformFacts {
  const { platform, arch } = process;
  return { platform, arch, glibc: platform === 'linux' && runsOnGlibc() };
}

/** The version of glibc stands in the diagnostic report; musl has none. */
function runsOnGlibc(): boolean {
  const report: unknown = process.report.getReport();
  if (typeof report !== 'object' || report === null || !('header' in report)) return false;
  const { header } = report;
  return typeof header === 'object' && header !== null && 'glibcVersionRuntime' in header;
}

/** Name of the platform, as in the package's name; `undefined` when there is no package for it. */
export function platformName({ platform, arch, glibc }: PlatformFacts): string | undefined {
  const libc = platform === 'linux' ? (glibc ? '-gnu' : '-musl') : platform === 'win32' ? '-msvc' : '';
  const name = `${platform}-${arch}${libc}`;
  return PLATFORMS.has(name) ? name : undefined;
}
