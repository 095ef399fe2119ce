/** Whether an address has a user or a password in it; `false` for what is no address. */
export function holdsUserinfo(text: string): boolean {
  const address = URL.parse(text);
  return address !== null && (address.username !== '' || address.password !== '');
}
