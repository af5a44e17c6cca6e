import { run } from './index.ts';
import { countBuffers, shareLess } from './memory.ts';

countBuffers();
shareLess();
process.exitCode = await run(process.argv.slice(2), process);
