import type { PlanId } from '@sendense/core';
import { childOf, childrenOf, element, parseXml, type XmlElement } from '@sendense/platform-kvm/domain';

/** Namespace of what we write into the metadata of a domain; constant for ever. */
const NAMESPACE = 'urn:sendense:restore:1';
const NAME = 'sendense:restore';

/** Says in a domain's metadata which plan made it. */
export function planMark(plan: PlanId): XmlElement {
  return element(NAME, { 'xmlns:sendense': NAMESPACE, plan });
}

/** The plan that made the domain of this XML; `undefined` for somebody else's. */
export function markedPlan(xml: string): string | undefined {
  return childrenOf(childOf(parseXml(xml), 'metadata'), NAME)
    .find(({ attributes }) => attributes.get('xmlns:sendense') === NAMESPACE)
    ?.attributes.get('plan');
}
