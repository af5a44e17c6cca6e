import { pluginSuite } from '@llm-proxy-auth/contract-tests';
import { describe, it } from 'vitest';
import plugin from '../src/index.ts';

pluginSuite({ describe, it }, { plugin, folder: new URL('..', import.meta.url) });
