import { define, type Pages, type Plugin } from '@llm-proxy-auth/plugin';
import { Type } from 'typebox';
import { readFiles } from './files.ts';

const plugin: Plugin = {
  name: '@llm-proxy-auth/pages-console',
  api: 1,
  pages: {
    console: define<Pages>()({
      summary: 'Keys, sessions, usage and the audit log in the browser: every operation of the admin listener that the caller may run.',
      config: Type.Object({}, { additionalProperties: false }),
      create: () => ({ files: readFiles() }),
    }),
  },
};
export default plugin;
