import { pluginSuite } from '@llm-proxy-auth/contract-tests';
import { afterAll, describe, it } from 'vitest';
import plugin from '../src/index.ts';
import { facts } from './facts.ts';
import { dropSchemas, SERVER, WITHOUT } from './support.ts';

afterAll(dropSchemas);
// What the package says of itself is tested anyway.
const group = (name: string, body: () => void): void => {
  if (SERVER === undefined && name.startsWith('store ')) it.skip(`${name}: ${WITHOUT}`, () => undefined);
  else describe(name, body);
};
pluginSuite({ describe: group, it }, { plugin, folder: new URL('..', import.meta.url), facts });
