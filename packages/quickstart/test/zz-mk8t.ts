import { createQcow2 } from '@sendense/formats/qcow2';
const N = Number(process.argv[3] ?? 20000), S = Math.floor(8*2**40/65536/N);
await using image = await createQcow2(process.argv[2]!, { sizeBytes: 8*2**40 });
for (let i=0;i<N;i++) await image.write((i*S+ (i*7919)%S)*65536, new Uint8Array(65536).fill(1+i%255));
await image.flush();
