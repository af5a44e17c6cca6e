import { appendFileSync } from 'node:fs';
import { watchCrossings } from './crossings.ts';

// Loaded before a gateway that is a process of its own: its test reads from the file what crossed its door.
const file = process.env.LPA_TEST_CROSSINGS;
if (file !== undefined) watchCrossings((crossing) => appendFileSync(file, `${JSON.stringify(crossing)}\n`));
