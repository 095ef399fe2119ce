export {
  type S3Credentials,
  type S3StoreOptions,
  type S3StoreServices,
  s3StoreOptionsSchema,
} from './options.ts';
export { openS3Store } from './repository-s3.ts';
