// Opens a store and prints the code and the errno of what went wrong, or how often Node and the store warned.
import { isGatewayError } from '@llm-proxy-auth/plugin';
import { openStore } from '../../src/store.ts';

let warnings = 0;
let logged = 0;
process.on('warning', () => warnings++);
const log = { info: () => undefined, warn: () => void logged++, error: () => undefined };
try {
  const store = await openStore({ path: process.argv[2] ?? '', log, now: Date.now });
  await store.close?.();
  await new Promise(setImmediate);
  process.stdout.write(JSON.stringify({ warnings, logged }));
} catch (error) {
  if (!isGatewayError(error)) throw error;
  const cause = error.cause instanceof Error && 'code' in error.cause ? error.cause.code : undefined;
  process.stdout.write(JSON.stringify({ code: error.code, param: error.param, cause }));
}
