/** A drive letter or a share: a place of another machine, whatever this one is. */
const WINDOWS_ROOT = /^(?:[A-Za-z]:|\/\/)/;

/**
 * Names to look for a file by that a Windows program wrote as `name`: with slashes; of a path from a drive or a share, which
 * means nothing elsewhere, its last part in the folder of the image.
 */
export function companionNames(name: string): string[] {
  const plain = name.replaceAll('\\', '/');
  if (!WINDOWS_ROOT.test(plain)) return plain === '' ? [] : [plain];
  const last =
    plain
      .replace(/^[A-Za-z]:/, '')
      .split('/')
      .at(-1) ?? '';
  return last === '' ? [] : [last];
}
