import { packageBuild } from '../../tools/package-build.ts';

export default packageBuild(['src/index.ts', 'src/raw/index.ts', 'src/qcow2/index.ts']);
