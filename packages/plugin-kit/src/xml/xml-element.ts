/** An element of an XML document: attributes and children without order between them and the text. */
export type XmlElement = {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The text of the element itself, without the space around it. */
  readonly text: string;
};

/** Makes an element; attributes without a value are left out. */
export function element(
  name: string,
  attributes: { readonly [name: string]: string | number | undefined } = {},
  content: string | readonly (XmlElement | undefined)[] = [],
): XmlElement {
  const given = Object.entries(attributes).flatMap(([key, value]): [string, string][] =>
    value === undefined ? [] : [[key, String(value)]],
  );
  return {
    name,
    attributes: new Map(given),
    children: typeof content === 'string' ? [] : content.filter((child) => child !== undefined),
    text: typeof content === 'string' ? content : '',
  };
}

/** The first child of that name. */
export function childOf(parent: XmlElement | undefined, name: string): XmlElement | undefined {
  return parent?.children.find((child) => child.name === name);
}

/** All children of that name. */
export function childrenOf(parent: XmlElement | undefined, name: string): readonly XmlElement[] {
  return parent?.children.filter((child) => child.name === name) ?? [];
}

/** The text of the first child of that name; `undefined` when it is not there or empty. */
export function textOf(parent: XmlElement | undefined, name: string): string | undefined {
  const text = childOf(parent, name)?.text;
  return text === '' ? undefined : text;
}
