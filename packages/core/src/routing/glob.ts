export { compileGlob, compileGlobs, type Glob } from '@llm-proxy-auth/plugin';
