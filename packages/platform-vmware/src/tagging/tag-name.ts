/** A tag by its names, by which another vCenter knows it too: ids are of one vCenter. */
export type VimTag = {
  readonly category: string;
  /** Unique in its category. */
  readonly name: string;
};

/** A tag as points hold it: `category/name`, where `/` and `%` of the category stand as `%2f` and `%25`. Constant for ever. */
export function formatTag({ category, name }: VimTag): string {
  return `${category.replaceAll('%', '%25').replaceAll('/', '%2f')}/${name}`;
}

/** The tag of a text that `formatTag` made; `undefined` for any other. */
export function parseTag(text: string): VimTag | undefined {
  const end = text.indexOf('/');
  if (end <= 0 || end === text.length - 1) return undefined;
  const category = text
    .slice(0, end)
    .replaceAll(/%(2f|25)/gi, (_whole, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  return { category, name: text.slice(end + 1) };
}
