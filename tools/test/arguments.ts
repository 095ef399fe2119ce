/** The suites that a command line of vitest chooses with `--project`; all of them when it chooses none. */
export function selectedSuites(args: readonly string[], all: readonly string[]): string[] {
  const chosen = args.flatMap((arg, index) => {
    if (arg.startsWith('--project=')) return [arg.slice('--project='.length)];
    return args[index - 1] === '--project' ? [arg] : [];
  });
  return chosen.length === 0 ? [...all] : all.filter((suite) => chosen.includes(suite));
}
