import { damaged } from '../bytes/damage.ts';

/** A value of LVM's configuration text. */
export type ConfigValue = number | string | readonly ConfigValue[] | ConfigSection;
/** A section: names in the order of the text. */
export type ConfigSection = ReadonlyMap<string, ConfigValue>;

/** Sections and arrays inside of one another; a volume group has four. */
const MOST_DEPTH = 16;
const TOKEN = /\s+|#[^\n]*|"[^"\\]*(?:\\.[^"\\]*)*"|[-+]?\d+(?:\.\d+)?(?![\w.+-])|[\w.+-]+|[{}[\]=,]/suy;

/**
 * Parses the text that LVM2 keeps on physical volumes (the grammar of lvm.conf): `name = value`, `name { … }`, comments.
 * Throws `CORRUPT` for anything else. Memory is bounded by the text, depth by 16.
 */
export function parseConfig(text: string): ConfigSection {
  const parser = new ConfigParser(tokens(text));
  return parser.section(0, undefined);
}

function* tokens(text: string): Generator<string, void, undefined> {
  TOKEN.lastIndex = 0;
  let at = 0;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[0];
    if (token === undefined) throw damaged(`LVM metadata cannot be read at character ${at}`, { at });
    at += token.length;
    if (!/^[\s#]/u.test(token)) yield token;
  }
}

class ConfigParser {
  readonly #tokens: Iterator<string, void>;

  constructor(source: Iterator<string, void>) {
    this.#tokens = source;
  }

  /** Entries up to `closing`. */
  section(depth: number, closing: '}' | undefined): ConfigSection {
    if (depth > MOST_DEPTH) throw damaged('LVM metadata is nested too deeply');
    const entries = new Map<string, ConfigValue>();
    for (let name = this.#next(); name !== closing; name = this.#next()) {
      if (name === undefined || !/^["\w.+-]/u.test(name)) throw unexpected(name);
      const separator = this.#next();
      if (separator === '{') entries.set(unquoted(name), this.section(depth + 1, '}'));
      else if (separator === '=') entries.set(unquoted(name), this.#value(this.#next(), depth));
      else throw unexpected(separator);
    }
    return entries;
  }

  #value(token: string | undefined, depth: number): ConfigValue {
    if (token === '[') return this.#array(depth + 1);
    if (token === undefined || /^[{}\]=,]/u.test(token)) throw unexpected(token);
    if (/^[-+]?\d+(\.\d+)?$/u.test(token)) return Number(token);
    return unquoted(token);
  }

  #array(depth: number): ConfigValue[] {
    if (depth > MOST_DEPTH) throw damaged('LVM metadata is nested too deeply');
    const values: ConfigValue[] = [];
    for (let token = this.#next(); token !== ']'; token = this.#next()) {
      if (token !== ',') values.push(this.#value(token, depth));
    }
    return values;
  }

  #next(): string | undefined {
    const { value } = this.#tokens.next();
    return value ?? undefined;
  }
}

function unquoted(token: string): string {
  return token.startsWith('"') ? token.slice(1, -1).replaceAll(/\\(.)/gsu, '$1') : token;
}

function unexpected(token: string | undefined): Error {
  return damaged(
    token === undefined
      ? 'LVM metadata ends early'
      : `LVM metadata has ${JSON.stringify(token.slice(0, 40))} where none belongs`,
  );
}
