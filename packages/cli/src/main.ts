import { run } from './index.ts';
import { countBuffers } from './memory.ts';

countBuffers();
process.exitCode = await run(process.argv.slice(2), process);
