import { run } from './index.ts';

process.exitCode = await run(process.argv.slice(2), { folder: process.cwd(), input: process.stdin, output: process.stdout, error: process.stderr });
