import type { Finding } from '@sendense/core';
import type { FileHandle } from '@sendense/plugin-kit/files';
import { companionNames } from '../windows-names.ts';
import type { DynamicHeader, ParentLocator } from './dynamic-header.ts';

/** The longest name that Windows knows: 32,767 units of two bytes. */
const MAX_NAME_BYTES = 65_536;

/** How names are written, by the platform of their locator, best first: relative before absolute. `Mac ` is no path. */
const DECODERS: ReadonlyMap<string, (bytes: Uint8Array) => string> = new Map([
  ['W2ru', decodeWindows],
  ['Wi2r', decodeOld],
  ['MacX', decodeUrl],
  ['W2ku', decodeWindows],
  ['Wi2k', decodeOld],
]);

/** What the image calls its parent. */
export type ParentNames = { readonly names: readonly string[]; readonly warnings: readonly Finding[] };

/** The names of the parent, best first and each once. A locator that cannot be read is told and left out. */
export async function parentNames(handle: FileHandle, header: DynamicHeader): Promise<ParentNames> {
  const names: string[] = [];
  const warnings: Finding[] = [];
  for (const [platform, decode] of DECODERS) {
    for (const locator of header.locators.filter((one) => one.platform === platform)) {
      const bytes = await readLocator(handle, locator);
      if (bytes !== undefined) names.push(...companionNames(decode(bytes).replace(/\0.*$/s, '')));
      else warnings.push(unreadable(platform));
    }
  }
  return { names: [...new Set([...names, ...companionNames(header.parentName)])], warnings };
}

async function readLocator(
  handle: FileHandle,
  { offset, length }: ParentLocator,
): Promise<Uint8Array | undefined> {
  if (length > MAX_NAME_BYTES || !Number.isSafeInteger(offset)) return undefined;
  const bytes = new Uint8Array(length);
  return (await handle.read(bytes, offset)) === length ? bytes : undefined;
}

function unreadable(platform: string): Finding {
  const message = `the name of the parent for ${platform} lies outside the file`;
  return { severity: 'warning', code: 'parent-name-unreadable', message };
}

function decodeWindows(bytes: Uint8Array): string {
  return new TextDecoder('utf-16le').decode(bytes);
}

/** Programs before version 1.0 wrote the code page of their machine, of which only ASCII is certain. */
function decodeOld(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes);
}

/** A file URL in UTF-8, as RFC 2396 has it. */
function decodeUrl(bytes: Uint8Array): string {
  const [, path = ''] = /^file:(?:\/\/(?:localhost)?)?(.*)$/s.exec(new TextDecoder().decode(bytes)) ?? [];
  try {
    return decodeURIComponent(path);
  } catch {
    return '';
  }
}
