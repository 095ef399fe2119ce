export { parseXmlDocument, type XmlLimits } from './parse-xml.ts';
export { serializeXml } from './serialize-xml.ts';
export { childOf, childrenOf, element, textOf, type XmlElement } from './xml-element.ts';
