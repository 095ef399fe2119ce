import { chunkerMutants, registerChunker } from './mutants/chunkers.ts';
import { converterMutants, registerConverter } from './mutants/converters.ts';
import { driverMutants, registerDriver } from './mutants/drivers.ts';
import {
  formatReaderMutants,
  formatWriterMutants,
  registerFormatReader,
  registerFormatWriter,
} from './mutants/formats.ts';
import { journalMutants, registerJournal } from './mutants/journals.ts';
import { mutantTests } from './mutants/mutant.ts';
import { readerMutants, registerReader } from './mutants/readers.ts';
import { registerReplicas, replicaMutants } from './mutants/replicas.ts';
import { registerRepository, repositoryMutants } from './mutants/repositories.ts';
import { registerSource, sourceMutants } from './mutants/sources.ts';
import { registerTarget, targetMutants } from './mutants/targets.ts';
import { registerWriter, writerMutants } from './mutants/writers.ts';

mutantTests('block readers', readerMutants, registerReader);
mutantTests('block writers', writerMutants, registerWriter);
mutantTests('repositories', repositoryMutants, registerRepository);
mutantTests('sources', sourceMutants, registerSource);
mutantTests('targets', targetMutants, registerTarget);
mutantTests('replicas', replicaMutants, registerReplicas);
mutantTests('block-IO drivers', driverMutants, registerDriver);
mutantTests('chunkers', chunkerMutants, registerChunker);
mutantTests('converters', converterMutants, registerConverter);
mutantTests('journals', journalMutants, registerJournal);
mutantTests('format readers', formatReaderMutants, registerFormatReader);
mutantTests('format writers', formatWriterMutants, registerFormatWriter);
