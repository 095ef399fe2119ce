/** Whether the first version number in what a program printed is `least` or newer; both are `major.minor`. */
export function isAtLeast(printed: string, least: string): boolean {
  const found = numbers(printed);
  const wanted = numbers(least);
  if (found === undefined || wanted === undefined) return false;
  return found.major > wanted.major || (found.major === wanted.major && found.minor >= wanted.minor);
}

function numbers(text: string): { readonly major: number; readonly minor: number } | undefined {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(text) ?? [];
  return major === undefined ? undefined : { major: Number(major), minor: Number(minor) };
}
