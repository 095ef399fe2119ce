export type {
  ListedObject,
  ListOptions,
  ObjectStatus,
  ObjectStore,
  ObjectStoreCapabilities,
  PutOptions,
} from './store/object-store.ts';
