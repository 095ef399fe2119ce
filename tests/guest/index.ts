export { GuestChannel, type Written } from './guest-channel.ts';
export { type FoundDisk, inspectGuestDisk, makeGuestDisk } from './guest-disk.ts';
export { bootGuest, type GuestDomain } from './guest-domain.ts';
