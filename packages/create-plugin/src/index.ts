export { type File, filesOf } from './files.ts';
export { KINDS, type Kind, type Named, namedFrom } from './name.ts';
export { run, type Terminal } from './run.ts';
