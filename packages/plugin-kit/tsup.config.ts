import { packageBuild } from '../../tools/package-build.ts';

export default packageBuild([
  'src/index.ts',
  'src/files/index.ts',
  'src/digest/index.ts',
  'src/extents/index.ts',
]);
