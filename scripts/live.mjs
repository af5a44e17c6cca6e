// The one command that calls vendors: a few calls through the gateway to each provider that is named, with the accounts of the environment.
import { askedOf, live } from './live/run.ts';

const asked = askedOf(process.argv.slice(2), process.env);
if (typeof asked === 'string') {
  console.error(asked);
  process.exit(2);
}
process.exitCode = 1;
try {
  if (await live({ asked, env: process.env, say: (line) => console.log(line) })) process.exitCode = 0;
} catch (error) {
  console.error(error.message);
}
