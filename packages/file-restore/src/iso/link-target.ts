import { damaged, notSupported } from '../bytes/damage.ts';
import type { Fields } from '../bytes/fields.ts';
import { decodeName } from '../paths/entry-name.ts';

// Layout: "Rock Ridge Interchange Protocol" 1.12 (IEEE P1282), 4.1.3 SL.
const CONTINUES = 1;
const COMPONENT = { current: 2, parent: 4, root: 8, volumeRoot: 0x10, host: 0x20 };
const SLASH = Buffer.from('/');
const CURRENT = Buffer.from('.');
const PARENT = Buffer.from('..');
/** Longer ones no system of POSIX keeps. */
const MOST_BYTES = 4096;

/** The text of a symbolic link, put together from its entries. */
export class LinkTarget {
  readonly #parts: Uint8Array[] = [];
  #byteLength = 0;
  /** What comes next goes on with the name before it. */
  #isNameOpen = false;
  #isEmpty = true;
  #endsInRoot = false;
  /** Another entry is to follow. */
  #isOpen = false;
  #hasHost = false;

  /** Takes in the next entry. Throws `CORRUPT`. */
  add(data: Fields): void {
    const { byteLength } = data.bytes;
    this.#isOpen = byteLength > 0 && (data.u8(0) & CONTINUES) !== 0;
    for (let at = 1; at < byteLength; ) {
      if (at + 2 > byteLength || at + 2 + data.u8(at + 1) > byteLength)
        throw damaged('a part of a symbolic link is cut off');
      const length = data.u8(at + 1);
      this.#addComponent(data.u8(at), data.slice(at + 2, length));
      at += 2 + length;
    }
  }

  /** Throws `CORRUPT` for a link that does not end, and `FORMAT_UNSUPPORTED` for one that names the host. */
  text(): string {
    if (this.#isOpen || this.#isNameOpen) throw damaged('the end of a symbolic link is missing');
    if (this.#hasHost) throw notSupported('a symbolic link names the host that reads it, which none is here');
    return decodeName(Buffer.concat(this.#parts));
  }

  #addComponent(flags: number, name: Uint8Array): void {
    if (!this.#isNameOpen && !this.#isEmpty && !this.#endsInRoot) this.#push(SLASH);
    this.#isEmpty = false;
    this.#isNameOpen = (flags & CONTINUES) !== 0;
    // the root of the volume is the highest folder that there is here
    this.#endsInRoot = (flags & (COMPONENT.root | COMPONENT.volumeRoot)) !== 0;
    if (this.#endsInRoot) this.#push(SLASH);
    else if ((flags & COMPONENT.host) !== 0) this.#hasHost = true;
    else if ((flags & COMPONENT.parent) !== 0) this.#push(PARENT);
    else if ((flags & COMPONENT.current) !== 0) this.#push(CURRENT);
    else this.#push(name);
  }

  #push(part: Uint8Array): void {
    this.#byteLength += part.byteLength;
    if (this.#byteLength > MOST_BYTES) throw damaged('a symbolic link is longer than any can be');
    if (part.byteLength > 0) this.#parts.push(part);
  }
}
