import type { MachineSpec } from '@sendense/core';
import type { VimNetwork } from '@sendense/platform-vmware';
import type { CheckedOptions } from '../options.ts';
import { addressType } from './card-address.ts';
import { CARDS, type CardDesign } from './machine-design.ts';
import type { Outcomes } from './outcomes.ts';

type Nic = MachineSpec['nics'][number];

/** What a machine may have. */
const MOST_CARDS = 10;

const MAC = /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/i;

/** The network of a card by the options, else the one of the same name. */
function networkFor(
  { network }: Nic,
  options: CheckedOptions,
  there: readonly VimNetwork[],
): VimNetwork | 'none' | undefined {
  const choice = (network === undefined ? undefined : options.networks[network]) ?? options.defaultNetwork;
  if (choice === 'none') return 'none';
  const wanted = choice?.network ?? network;
  return there.find(({ name }) => name === wanted);
}

function typeOf(model: string | undefined): CardDesign['type'] {
  return model !== undefined && Object.hasOwn(CARDS, model) ? (model as CardDesign['type']) : 'vmxnet3';
}

/** The network cards that the new machine gets; what is not the same is in `outcomes`. */
export function chooseCards(
  { nics }: MachineSpec,
  options: CheckedOptions,
  there: readonly VimNetwork[],
  outcomes: Outcomes,
): CardDesign[] {
  const cards = nics.flatMap((nic, index) => {
    const property = `nics[${index}]`;
    const network = networkFor(nic, options, there);
    if (network === undefined || network === 'none' || index >= MOST_CARDS) {
      lose(property, nic, network, outcomes);
      return [];
    }
    const type = typeOf(nic.model);
    outcomes.became(`${property}.model`, nic.model ?? 'unknown', type);
    outcomes.became(`${property}.network`, nic.network ?? 'none', network.name);
    if (nic.model !== undefined && nic.model !== type) {
      const message = `network card ${index} becomes a ${type}: the guest needs a driver of it`;
      outcomes.tell('warning', 'nic-model-changed', message);
    }
    return [{ type, ...addressOf(property, nic, options, outcomes), ...connection(nic, network) }];
  });
  if (nics.length === 0) outcomes.became('nics', [], []);
  return cards;
}

function connection({ connected = true }: Nic, { object, name, distributed }: VimNetwork) {
  const { id, type } = object;
  return { connected, network: { id, type, name, distributed: distributed ?? null } };
}

function addressOf(
  property: string,
  { macAddress }: Nic,
  { macAddresses }: CheckedOptions,
  outcomes: Outcomes,
): Pick<CardDesign, 'macAddress'> {
  if (macAddress === undefined) return { macAddress: null };
  const address = macAddress.toLowerCase();
  const isKept = macAddresses === 'keep' && MAC.test(address);
  const isSure = isKept && addressType(address) === 'manual';
  const becomes = isKept ? `${macAddress}, or a new one` : 'a new one';
  outcomes.became(`${property}.macAddress`, macAddress, isSure ? macAddress : becomes);
  if (isKept && !isSure) {
    const message = `${macAddress} is of those that vSphere gives itself: it may give ${property} another, so look at what the guest binds to it`;
    outcomes.tell('info', 'mac-address-unsure', message);
  }
  return { macAddress: isKept ? address : null };
}

function lose(
  property: string,
  { network: from }: Nic,
  network: VimNetwork | 'none' | undefined,
  outcomes: Outcomes,
): void {
  outcomes.became(property, from ?? 'no network', null);
  const why =
    network === undefined
      ? `there is no network ${from ?? ''}: map it to another by the options`
      : network === 'none'
        ? 'the options leave it out'
        : `a machine has ${MOST_CARDS} at most`;
  outcomes.tell('warning', 'nic-lost', `${property} is left out: ${why}`);
}
