export {
  type AzureCredential,
  type AzureStoreOptions,
  type AzureStoreServices,
  azureStoreOptionsSchema,
} from './options.ts';
export { openAzureStore } from './repository-azure.ts';
