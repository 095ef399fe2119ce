export { collect } from './collect.ts';
export {
  type BlockDeviceSubject,
  blockDeviceConformance,
} from './conformance/block-device/block-device-conformance.ts';
export { blockReaderConformance } from './conformance/block-device/block-reader-conformance.ts';
export type {
  BlockReaderCapabilities,
  BlockReaderSubject,
} from './conformance/block-device/block-reader-subject.ts';
export { blockWriterConformance } from './conformance/block-device/block-writer-conformance.ts';
export type {
  BlockWriterCapabilities,
  BlockWriterSubject,
  WriterFixture,
} from './conformance/block-device/block-writer-subject.ts';
export type { ConformanceCase, Runner } from './conformance/case.ts';
export { repositoryConformance } from './conformance/repository/repository-conformance.ts';
export type {
  RepositoryFixture,
  RepositorySubject,
  StoredObject,
} from './conformance/repository/repository-subject.ts';
export { storedFiles } from './conformance/repository/stored-files.ts';
export { DiskContent } from './memory/disk/disk-content.ts';
export { createMemoryDisk, type MemoryDisk, type MemoryDiskOptions } from './memory/disk/memory-disk.ts';
export { type MemoryReaderOptions, openMemoryReader } from './memory/disk/memory-reader.ts';
export { type MemoryWriterOptions, openMemoryWriter } from './memory/disk/memory-writer.ts';
export { MemoryHypervisor } from './memory/hypervisor/memory-hypervisor.ts';
export { MemoryMachine, type MemoryMachineOptions } from './memory/hypervisor/memory-machine.ts';
export { TrackedDisk } from './memory/hypervisor/tracked-disk.ts';
export { createMemoryDriver, type MemoryDriver, type MemoryEndpoint } from './memory/memory-driver.ts';
export { createMemoryJournal, type JournalEntries } from './memory/memory-journal.ts';
export {
  createMemoryRepository,
  type MemoryRepository,
  type MemoryRepositoryOptions,
} from './memory/repository/memory-repository.ts';
export { MemoryStore } from './memory/repository/memory-store.ts';
export { memoryRepositoryCapabilities } from './memory/repository/repository-capabilities.ts';
export {
  createMemorySource,
  type MemorySource,
  type MemorySourceOptions,
} from './memory/source/memory-source.ts';
export { memorySourceCapabilities } from './memory/source/source-capabilities.ts';
export {
  createMemoryTarget,
  type MemoryTarget,
  type MemoryTargetOptions,
} from './memory/target/memory-target.ts';
export { memoryTargetCapabilities } from './memory/target/target-capabilities.ts';
export { createTestClock, type TestClock } from './memory/test-clock.ts';
export { createTestFence, type TestFence } from './memory/test-fence.ts';
