import type { BlockIoDriver } from '../block/block-io-driver.ts';
import type { SourceConnector } from '../capture/source-connector.ts';
import type { FormatConverter } from '../convert/format-converter.ts';
import type { Repository } from '../repository/repository.ts';
import type { TargetConnector } from '../target/target-connector.ts';
import type { PluginServices } from './plugin-services.ts';
import type { StandardSchemaV1 } from './standard-schema.ts';

/** What each kind of plugin creates. */
export type Contract = {
  readonly source: SourceConnector;
  readonly target: TargetConnector;
  readonly repository: Repository;
  readonly converter: FormatConverter;
  readonly 'block-io': BlockIoDriver;
};

/** The kinds of plugins. */
export type PluginKind = keyof Contract;

/** The `plugin` export of each package; third parties do the same. */
export interface Plugin<Kind extends PluginKind, Options> {
  readonly kind: Kind;
  readonly name: string;
  readonly specificationVersion: 'v1';
  readonly options: StandardSchemaV1<unknown, Options>;
  /** Receives: options that the schema has accepted. Must: leak nothing when it rejects. */
  create(options: Options, services: PluginServices): Promise<Contract[Kind]>;
}
