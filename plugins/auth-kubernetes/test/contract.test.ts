import { pluginSuite } from '@llm-proxy-auth/contract-tests';
import { describe, it } from 'vitest';
import plugin from '../src/index.ts';
import { facts } from './facts.ts';

pluginSuite({ describe, it }, { plugin, folder: new URL('..', import.meta.url), facts });
