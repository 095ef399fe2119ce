import { encodeName } from '../paths/entry-name.ts';
import { NameSet } from '../paths/name-set.ts';
import type { TreeEntry } from '../paths/walk-tree.ts';
import { zipName } from './zip-name.ts';

const PLAIN = /^[\x20-\x7e]*$/u;
/** Characters that nobody sees; HFS+ leaves them out when it compares names. */
const UNSEEN = /\p{Default_Ignorable_Code_Point}/gu;
/** Characters that no name has on Windows: many programs write `_` for them. */
const NOT_TAKEN = /[<>:"|?*]/gu;

/** Characters of names of the folders under way that are kept, so that it can be told to which of them another one is alike. */
const MOST_CHARACTERS = 4 * 2 ** 20;
/** What keeping a name takes besides, as so many characters. */
const MORE_CHARACTERS = 64;

/**
 * An earlier name of the same folder that is the same on Windows or macOS; `undefined` where its text was not kept. `isLinked`: one of
 * the two is a symbolic link.
 */
export type AlikeName = { readonly first: string | undefined; readonly isLinked: boolean };

/** How many characters of names can be kept in addition. */
type Room = { characters: number };

/**
 * Paths of a tree, each folder before what it holds, so that none leads through a link with a like name: to Windows and macOS `A` and
 * `a`, `a.` and `a`, `ab:c` and `ab_c`, or the same letter composed and not, are one name. Where one of two is a link, the later one is
 * changed.
 */
export class DistinctPaths {
  readonly #begin: string;
  /** The folders under way. */
  readonly #folders: { readonly path: string; readonly names: FolderNames }[] = [];
  readonly #room: Room;

  /** `begin`: path of what comes first. */
  constructor(begin: string, mostCharacters: number = MOST_CHARACTERS) {
    this.#begin = begin;
    this.#room = { characters: mostCharacters };
  }

  /** The path of the next entry, and what its name is alike to. */
  next({ name, depth, stat: { type } }: TreeEntry): { path: string; alike: AlikeName | undefined } {
    while (this.#folders.length > depth) this.#folders.pop()?.names.release();
    const folder = this.#folders.at(-1);
    const given = folder?.names.give(name, type === 'symlink');
    const path = folder === undefined ? this.#begin : `${folder.path}/${given?.name ?? name}`;
    if (type === 'directory') this.#folders.push({ path, names: new FolderNames(this.#room) });
    return { path, alike: given?.alike };
  }
}

/** The names that were given of one folder, by what is left of them where case and form of letters do not count. */
class FolderNames {
  readonly #keys = new NameSet();
  /** Of links, and of names that were changed. */
  readonly #linked = new NameSet();
  /** Names themselves, by their keys, as long as there was room. */
  readonly #first = new Map<string, string>();
  readonly #room: Room;
  #characters = 0;

  constructor(room: Room) {
    this.#room = room;
  }

  give(name: string, isLink: boolean): { readonly name: string; readonly alike: AlikeName | undefined } {
    const key = keyOf(name);
    if (!this.#keys.has(key)) {
      this.#add(name, isLink);
      return { name, alike: undefined };
    }
    const isLinked = isLink || this.#linked.has(key);
    const alike = { first: this.#first.get(key), isLinked };
    return { name: isLinked ? this.#changed(name) : name, alike };
  }

  /** Gives back the room that its names take. */
  release(): void {
    this.#room.characters += this.#characters;
  }

  /** The name in percent codes: its last character, or as much as makes it alike to none. What is alike to it later is changed too. */
  #changed(name: string): string {
    const characters = Array.from(name);
    const last = characters.pop() ?? '';
    let changed = `${characters.join('')}${percentCode(last)}`;
    if (this.#keys.has(keyOf(changed))) changed = percentCode(name);
    while (this.#keys.has(keyOf(changed))) changed += '%';
    this.#add(changed, true);
    return changed;
  }

  #add(name: string, isLinked: boolean): void {
    const key = keyOf(name);
    this.#keys.add(key);
    if (isLinked) this.#linked.add(key);
    const characters = key.length + name.length + MORE_CHARACTERS;
    if (characters > this.#room.characters) return;
    this.#room.characters -= characters;
    this.#characters += characters;
    this.#first.set(key, name);
  }
}

/** What a name has in common with all that are alike to it, as zip archives write it: a name that is changed there may meet others. */
function keyOf(name: string): string {
  const zipped = zipName(name.replace(NOT_TAKEN, '_'));
  if (PLAIN.test(zipped)) return withoutEnd(zipped).toLowerCase();
  const seen = withoutEnd(zipped.replace(UNSEEN, ''));
  return seen.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');
}

/** Dots and blanks at the end are no part of a name on Windows. */
function withoutEnd(name: string): string {
  return name.replace(/[. ]+$/u, '');
}

function percentCode(text: string): string {
  const hex = (byte: number): string => byte.toString(16).toUpperCase().padStart(2, '0');
  return Array.from(encodeName(text), (byte) => `%${hex(byte)}`).join('');
}
