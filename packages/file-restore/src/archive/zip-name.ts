/**
 * The name of a zip entry: relative, with `/` between names. What a program of Windows could take for a way elsewhere is written
 * as the percent code of it: `\` as `%5C`, the colon of a drive in front as `%3A`, and the last character of names that are dots
 * and blanks only (`.. ` is `..` there). A `%` before one of these codes, in letters of either case, becomes `%25`, so that names that
 * differ stay so.
 */
export function zipName(path: string): string {
  return path
    .replace(/%(?=20|25|2E|3A|5C)/giu, '%25')
    .replaceAll('\\', '%5C')
    .replace(/(?<=(?:^|\/)[. ]*) (?=\/|$)/gu, '%20')
    .replace(/(?<=(?:^|\/)[. ]*)\.(?=\/|$)/gu, '%2E')
    .replace(/^([A-Za-z]):/u, '$1%3A');
}
