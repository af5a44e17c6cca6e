import { boundNursery, countBuffers } from './memory.ts';

// Before anything is loaded: the process may start anew.
boundNursery();
countBuffers();
const { run } = await import('./index.ts');
process.exitCode = await run(process.argv.slice(2), process);
