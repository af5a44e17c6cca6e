import { run } from './index.ts';
import { countBuffers, shareLess } from './memory.ts';

countBuffers();
shareLess();
// Whoever reads no further (`… | head`) has what was wanted: a command ends, and a gateway serves on.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
process.exitCode = await run(process.argv.slice(2), process);
