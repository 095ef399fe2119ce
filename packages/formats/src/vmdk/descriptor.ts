import { MAX_DESCRIPTOR_BYTES, MAX_EXTENTS, NO_PARENT } from './constants.ts';
import { decodeDescriptor } from './descriptor-text.ts';
import { type ExtentLine, isExtentLine, parseExtentLine } from './extent-line.ts';
import { invalid, unsupported } from './format-error.ts';
import { parentNames } from './parent-names.ts';

/** What the text of a descriptor says. */
export type Descriptor = {
  /** `monolithicSparse`, `vmfs` …, as VMware and QEMU name it. */
  readonly createType: string;
  /** Content id: eight hexadecimal digits, lower case. It changes whenever the content does. */
  readonly contentId: string;
  /** The disk below, when there is one. */
  readonly parent?: {
    /** Foreign text. */
    readonly hint: string;
    /** Names to look for it by, the best first. */
    readonly names: readonly string[];
    /** What its content id must be. */
    readonly contentId: string;
  };
  readonly extents: readonly ExtentLine[];
};

/** The versions of the text that are understood. */
const VERSIONS = ['1', '2', '3', '4'];
/** Types of disks that are read. */
const TYPES = new Map(
  [
    'monolithicSparse',
    'monolithicFlat',
    'twoGbMaxExtentSparse',
    'twoGbMaxExtentFlat',
    'streamOptimized',
    'vmfs',
    'vmfsThin',
    'vmfsPreallocated',
    'vmfsEagerZeroedThick',
    'vmfsSparse',
    'seSparse',
    'custom',
  ].map((type) => [type.toLowerCase(), type]),
)
  .set('2gbmaxextentsparse', 'twoGbMaxExtentSparse')
  .set('2gbmaxextentflat', 'twoGbMaxExtentFlat');

const SETTING = /^([A-Za-z][A-Za-z0-9_.:-]*)\s*=\s*(?:"([^"]*)"|([^"\s][^"]*)?)$/;
/** Settings that must not be given twice: readers differ in which one they take. */
const ONCE = new Set(['version', 'cid', 'parentcid', 'createtype', 'parentfilenamehint', 'encoding']);

/** Reads a descriptor. Throws `FORMAT_INVALID` for a text that is none, or `FORMAT_UNSUPPORTED` by name. */
export function parseDescriptor(bytes: Uint8Array): Descriptor {
  if (bytes.byteLength > MAX_DESCRIPTOR_BYTES)
    throw invalid(`a descriptor of more than ${MAX_DESCRIPTOR_BYTES} bytes`);
  const { settings, extents } = linesOf(decodeDescriptor(bytes));
  const version = wanted(settings, 'version');
  if (!VERSIONS.includes(version)) throw unsupported(`has version ${shown(version)} of the descriptor`);
  const named = wanted(settings, 'createType');
  const createType = TYPES.get(named.toLowerCase());
  if (createType === undefined)
    throw unsupported(`has the type ${shown(named)}`, 'clone the disk with "vmkfstools -i" first');
  if (extents.length === 0) throw invalid('its descriptor has no extents');
  const parent = parentOf(settings);
  return {
    createType,
    contentId: contentIdOf(settings, 'CID'),
    ...(parent && { parent }),
    extents,
  };
}

function linesOf(text: string) {
  const settings = new Map<string, string>();
  const extents: ExtentLine[] = [];
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    if (isExtentLine(line)) {
      extents.push(parseExtentLine(line));
      if (extents.length > MAX_EXTENTS) throw unsupported(`has more than ${MAX_EXTENTS} extents`);
      continue;
    }
    const [all, key = '', quoted, plain = ''] = SETTING.exec(line) ?? [];
    if (all === undefined) throw invalid(`its descriptor has the line ${shown(line)}`);
    const name = key.toLowerCase();
    if (settings.has(name) && ONCE.has(name)) throw invalid(`its descriptor says ${key} twice`);
    settings.set(name, quoted ?? plain);
  }
  return { settings, extents };
}

function parentOf(settings: ReadonlyMap<string, string>): Descriptor['parent'] {
  const contentId = contentIdOf(settings, 'parentCID');
  const hint = settings.get('parentfilenamehint') ?? '';
  if (contentId === NO_PARENT && hint === '') return undefined;
  if (contentId === NO_PARENT) throw invalid(`it names the parent ${shown(hint)} and says that it has none`);
  if (hint === '') throw invalid('it has a parent and does not name it');
  return { hint, names: parentNames(hint), contentId };
}

function contentIdOf(settings: ReadonlyMap<string, string>, key: string): string {
  const text = wanted(settings, key);
  if (!/^[0-9a-fA-F]{1,8}$/.test(text)) throw invalid(`its ${key} is ${shown(text)}`);
  return text.toLowerCase().padStart(8, '0');
}

function wanted(settings: ReadonlyMap<string, string>, key: string): string {
  const value = settings.get(key.toLowerCase());
  if (value === undefined) throw invalid(`its descriptor does not say ${key}`);
  return value;
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 120));
}
