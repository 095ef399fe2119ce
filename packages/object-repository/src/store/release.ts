/**
 * Gives the memory of bytes back at once, which become empty. V8 sees how large what lies outside its heap has become only now and then:
 * buffers of megabytes that nobody looks at any more would be much of what a process takes. Bytes that share their memory are left alone.
 */
export function release(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength) buffer.transfer(0);
}
