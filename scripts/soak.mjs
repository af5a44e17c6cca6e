// A gateway under mixed calls for a while: does it answer rightly, lose no record, and hold no more at the end than in the middle?
import { parseArgs } from 'node:util';
import { soak } from './soak/run.ts';

const usage = `usage: pnpm soak [--minutes 10]

Starts a gateway as its own process before stand-ins of three providers and calls it: in protocol and transparent mode, whole and
streamed, translated, by clients that leave, with wrong keys, with providers that fail, with twenty reloads. Prints a line every half
minute and a verdict. Exit code 1 when a check fails. Parts of a minute may be asked for.`;
const fail = () => {
  console.error(usage);
  process.exit(2);
};
const valuesOf = () => {
  try {
    return parseArgs({ options: { minutes: { type: 'string', default: '10' }, help: { type: 'boolean', short: 'h' } } }).values;
  } catch {
    return fail();
  }
};
const { minutes, help } = valuesOf();
if (help) {
  console.log(usage);
  process.exit(0);
}
if (!(Number(minutes) > 0 && Number(minutes) < Number.POSITIVE_INFINITY)) fail();
const holds = await soak({ minutes: Number(minutes), say: (line) => console.log(line) });
console.log(holds ? 'The gateway held.' : 'The gateway did not hold.');
process.exitCode = holds ? 0 : 1;
